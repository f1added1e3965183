"""MariaDB, and the ready definitions of Odoo and EspoCRM, on tables named as theirs are."""

import psycopg
import pymysql
import pytest

from septima.connect.errors import ConnectError
from septima.connect.fetch import check, fetch
from septima.connect.kinds import KINDS
from septima.lake.load import TableCounts
from septima.workspace import Workspace
from tests.connect.conftest import no_secret_left, rows_by_key

ODOO = """
create table res_partner (id serial primary key, name varchar, email varchar, phone varchar, city varchar, active boolean,
  create_date timestamp, write_date timestamp);
create table crm_lead (id serial primary key, name varchar, type varchar, partner_id int, user_id int, expected_revenue numeric,
  probability double precision, active boolean, date_closed timestamp, create_date timestamp, write_date timestamp, description text,
  email_from varchar);
create table sale_order (id serial primary key, name varchar, partner_id int, user_id int, state varchar, date_order timestamp,
  amount_total numeric, access_token varchar, create_date timestamp, write_date timestamp);
create table sale_order_line (id serial primary key, order_id int, product_id int, product_uom_qty numeric, price_unit numeric,
  discount numeric, create_date timestamp, write_date timestamp);
insert into res_partner values (7, 'Anna', 'anna@example.org', '+1', 'Riga', true, '2026-01-01', '2026-01-02');
insert into crm_lead values
  (1, 'One', 'opportunity', 7, 2, 100, 100, true, '2026-02-01 10:00', '2026-01-01', '2026-02-01', 'private', 'anna@example.org'),
  (2, 'Two', 'opportunity', 7, 2, 50.5, 0, false, '2026-02-02 10:00', '2026-01-01', '2026-02-02', null, null),
  (3, 'Three', 'opportunity', 7, 2, 10, 35.5, true, null, '2026-01-01', '2026-02-03', null, null),
  (4, 'Four', 'lead', 7, 2, 10, 5, true, null, '2026-01-01', '2026-02-03', null, null);
insert into sale_order values
  (11, 'S11', 7, 2, 'sale', '2026-03-01 10:00', 120.5, 'token-of-the-portal', '2026-03-01', '2026-03-01'),
  (12, 'S12', 7, 2, 'draft', '2026-03-01 11:00', 1, null, '2026-03-01', '2026-03-01'),
  (13, 'S13', 7, 2, 'cancel', '2026-03-01 12:00', 5, null, '2026-03-01', '2026-03-01');
insert into sale_order_line values (1, 11, 5, 2, 60, 10, '2026-03-01', '2026-03-01'), (2, 11, null, 0, 0, 0, '2026-03-01', '2026-03-01');
"""

ESPO = """
create table account (id varchar(17) primary key, name varchar(249), deleted tinyint(1) default 0, type varchar(255), description
  text, billing_address_city varchar(100), created_at datetime, modified_at datetime);
create table contact (id varchar(17) primary key, deleted tinyint(1) default 0, first_name varchar(100), last_name varchar(100),
  description text, address_city varchar(100), account_id varchar(17), created_at datetime, modified_at datetime);
create table opportunity (id varchar(17) primary key, name varchar(255), deleted tinyint(1) default 0, amount double,
  amount_currency varchar(3), stage varchar(255), close_date date, description text, lead_source varchar(255), account_id
  varchar(17), assigned_user_id varchar(17), created_at datetime, modified_at datetime);
create table `call` (id varchar(17) primary key, name varchar(255), deleted tinyint(1) default 0, status varchar(255), date_start
  datetime, date_end datetime, direction varchar(255), description text, account_id varchar(17), assigned_user_id varchar(17),
  created_at datetime, modified_at datetime);
create table meeting (id varchar(17) primary key, name varchar(255), deleted tinyint(1) default 0, status varchar(255), date_start
  datetime, date_end datetime, description text, account_id varchar(17), assigned_user_id varchar(17), created_at datetime,
  modified_at datetime);
create table `case` (id varchar(17) primary key, name varchar(255), deleted tinyint(1) default 0, number int, status varchar(255),
  priority varchar(255), type varchar(255), description text, account_id varchar(17), created_at datetime, modified_at datetime);
insert into account values ('a1', 'Школа', 0, 'Customer', 'private', 'Riga', '2026-01-01 10:00', '2026-01-02 10:00'), ('a2',
  'Gone', 1, 'Customer', null, null, '2026-01-01 10:00', '2026-01-02 10:00');
insert into contact values ('c1', 0, 'Анна', 'Ли', null, 'Riga', 'a1', '2026-01-01 10:00', '2026-01-02 10:00');
insert into opportunity values ('o1', 'One', 0, 100.25, 'EUR', 'Closed Won', '2026-02-01', null, 'Web Site', 'a1', 'u1',
  '2026-01-01 10:00', '2026-02-01 10:00'), ('o2', 'Two', 0, 10, 'EUR', 'Prospecting', '2026-09-01', null, null, 'a1', 'u1',
  '2026-01-01 10:00', '2026-02-01 10:00');
insert into `call` values ('k1', 'x', 0, 'Held', '2026-02-01 10:00', '2026-02-01 10:05', 'Inbound', null, 'a1', 'u1', now(),
  '2026-02-01 11:00'), ('k2', 'x', 0, 'Planned', '2026-02-01 10:00', '2026-02-01 10:05', 'Inbound', null, 'a1', 'u1', now(),
  '2026-02-01 11:00');
insert into `case` values ('s1', 'x', 0, 1, 'Closed', 'Urgent', 'Incident', null, 'a1', '2026-02-01 10:00', '2026-02-03 10:00');
"""


def test_odoo_is_read_by_its_ready_definition(workspace: Workspace, define, postgresql: int) -> None:
    address = {"host": "127.0.0.1", "port": postgresql, "user": "septima"}
    with psycopg.connect(**address, dbname="septima", autocommit=True) as opened:
        opened.execute("create database odoo")
    text = KINDS["odoo"].starter.replace("host: localhost", "host: 127.0.0.1").replace("5432", str(postgresql))
    define("odoo", text.replace("user: reader", "user: septima"))
    with psycopg.connect(**address, dbname="odoo", autocommit=True) as opened:
        opened.execute(ODOO)
        assert fetch(workspace, "odoo").tables == {
            "customers": TableCounts(read=1, loaded=1),
            "deals": TableCounts(read=3, loaded=3),
            "orders": TableCounts(read=2, loaded=2),
            "order_items": TableCounts(read=1, loaded=1),
        }
        deals = rows_by_key(workspace, "deals", "deal_id")
        assert [deals[key]["outcome"] for key in ("1", "2", "3")] == ["won", "lost", "open"]
        assert (deals["1"]["customer_id"], str(deals["1"]["closed_at"])) == ("7", "2026-02-01 10:00:00")
        assert "private" not in str(deals["1"]["properties"])
        orders = rows_by_key(workspace, "orders", "order_id")
        assert (str(orders["11"]["revenue"]), orders["11"]["status"], orders["13"]["status"]) == (
            "120.5000",
            "paid",
            "cancelled",
        )
        assert "token-of-the-portal" not in str(orders["11"]["properties"])
        (item,) = rows_by_key(workspace, "order_items", "line").values()
        assert (str(item["quantity"]), str(item["discount"])) == ("2.0000", "12.0000")
        # A deal is won after it was loaded.
        opened.execute(
            "update crm_lead set probability = 100, date_closed = '2026-04-01', write_date = '2026-04-01' where id = 3"
        )
        assert fetch(workspace, "odoo").tables["deals"] == TableCounts(read=1, updated=1)
        assert rows_by_key(workspace, "deals", "deal_id")["3"]["outcome"] == "won"


def test_espocrm_is_read_by_its_ready_definition(workspace: Workspace, define, mariadb: int) -> None:
    text = KINDS["espocrm"].starter.replace("host: localhost", "host: 127.0.0.1").replace("3306", str(mariadb))
    text = text.replace("user: reader", "user: septima").replace("database: espocrm", "database: septima")
    define("espo", text, "password: maria-word-3\n")
    with (
        pymysql.connect(
            host="127.0.0.1", port=mariadb, user="septima", password="maria-word-3", database="septima", autocommit=True
        ) as opened,
        opened.cursor() as cursor,
    ):
        for statement in filter(str.strip, ESPO.split(";\n")):
            cursor.execute(statement)
        assert fetch(workspace, "espo").tables == {
            "customers": TableCounts(read=2, loaded=2),
            "deals": TableCounts(read=2, loaded=2),
            "touches": TableCounts(read=1, loaded=1),
            "complaints": TableCounts(read=1, loaded=1),
        }
        customers = rows_by_key(workspace, "customers", "customer_id")
        assert (customers["account:a1"]["name"], customers["contact:c1"]["name"]) == ("Школа", "Анна Ли")
        deals = rows_by_key(workspace, "deals", "deal_id")
        assert (deals["o1"]["outcome"], str(deals["o1"]["amount"]), str(deals["o1"]["closed_at"])) == (
            "won",
            "100.2500",
            "2026-02-01 00:00:00",
        )
        assert (deals["o2"]["outcome"], str(deals["o2"]["closed_at"])) == ("open", "NaT")
        (case,) = rows_by_key(workspace, "complaints", "complaint_id").values()
        assert (case["severity"], str(case["closed_at"])) == ("critical", "2026-02-03 10:00:00")
        # What is deleted is marked, and so it is seen.
        cursor.execute("update opportunity set deleted = 1, modified_at = '2026-03-01' where id = 'o2'")
        assert fetch(workspace, "espo").tables["deals"] == TableCounts(read=2, updated=1, duplicate=1)
        assert rows_by_key(workspace, "deals", "deal_id")["o2"]["outcome"] == "lost"


MARIADB = """kind: mysql
host: 127.0.0.1
port: {port}
database: septima
user: septima
reads:
  - from: orders
    cursor: changed
    overlap: 10 minutes
    timezone: Europe/Moscow
    tables:
      orders:
        columns: {{order_id: id, ordered_at: placed, customer_id: client, revenue: total}}
"""


def test_mariadb_reads_every_type_as_it_is_written_and_says_what_to_do(
    workspace: Workspace, define, mariadb: int
) -> None:
    text = MARIADB.format(port=mariadb)
    with (
        pymysql.connect(
            host="127.0.0.1", port=mariadb, user="septima", password="maria-word-3", database="septima", autocommit=True
        ) as opened,
        opened.cursor() as cursor,
    ):
        cursor.execute("set session sql_mode = ''")
        cursor.execute("set session time_zone = '+03:00'")
        cursor.execute(
            "create table orders (id int primary key, placed datetime, changed timestamp(6) null, total decimal(12,2), client varchar(20), flag bit(1), extra json, "
            "raw varbinary(8))"
        )
        cursor.execute(
            "insert into orders values (1, '2026-03-01 12:00:00', '2026-03-01 12:00:00.5', 9.99, 'Юг', b'1', '{\"a\": 1}', 0xff00)"
        )
        cursor.execute("insert into orders values (2, '0000-00-00', '2026-03-01 12:00:00', 1, null, null, null, null)")
        cursor.execute(
            "insert into orders select seq, '2026-03-01 12:00:00', '2026-03-01 11:00:00', seq, 'x', null, null, null from seq_10_to_30009"
        )
        define("shop", text, "password: maria-word-3\n")
        assert check(workspace, "shop") == [("orders", 8)]
        assert fetch(workspace, "shop").tables["orders"] == TableCounts(read=30002, loaded=30001, quarantined=1)
        row = rows_by_key(workspace, "orders", "order_id")["1"]
        # A datetime is of the zone that the definition names; a timestamp knows its own moment.
        assert (str(row["ordered_at"]), str(row["revenue"]), row["customer_id"]) == (
            "2026-03-01 09:00:00",
            "9.9900",
            "Юг",
        )
        assert '"changed":"2026-03-01 09:00:00.500000+00:00"' in str(row["properties"])
        cursor.execute("insert into orders values (3, '2026-03-01', '2026-03-01 12:05:00', 1, 'x', null, null, null)")
        cursor.execute("insert into orders values (4, '2026-03-01', '2026-03-01 11:55:00', 1, 'x', null, null, null)")
        assert fetch(workspace, "shop").tables["orders"] == TableCounts(read=4, loaded=2, duplicate=1, quarantined=1)
    for changed, secret, said in (
        (text, "password: wrong\n", "refuses the user 'septima' or the password"),
        (
            text.replace("database: septima", "database: other"),
            "password: maria-word-3\n",
            "refuses the user|has no database|may not read",
        ),
        (
            text.replace("from: orders", "from: order"),
            "password: maria-word-3\n",
            r"has no table 'order'.*did you mean 'orders'\?",
        ),
    ):
        define("shop", changed, secret)
        with pytest.raises(ConnectError, match=said):
            check(workspace, "shop")
    no_secret_left(workspace, "maria-word-3")
