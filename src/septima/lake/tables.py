"""The tables that the lake keeps: the canonical ones and its own, such as the quarantine, merges, figures, themes, predictions and erasures."""

from septima.schema import TABLES, Column, Table, Text

QUARANTINE = Table(
    "quarantine",
    Text("Rows that could not be loaded, each with the reason", "Строки, которые не удалось загрузить, с причинами"),
    (
        Column("quarantine_id", "string", Text("The entry", "Запись"), required=True),
        Column("source", "string", Text("Name of the source, from the mapping", "Имя источника, из сопоставления"), required=True),
        Column("file", "string", Text("The file", "Файл"), required=True),
        Column("row", "integer", Text("Number of the row in the file", "Номер строки в файле"), required=True, minimum=0),
        Column("table", "string", Text("The canonical table it was meant for", "Каноническая таблица, для которой предназначалась"), required=True),
        Column("column", "string", Text("The column that is wrong; empty where the whole row is", "Неверный столбец; пусто, если неверна вся строка"), required=True),
        Column("value", "string", Text("What stands there", "Что там стоит"), personal=True),
        Column("reason", "string", Text("What is wrong and what would be right", "Что неверно и как было бы верно"), required=True),
        Column("record", "json", Text("The whole row as it came", "Вся строка, как она пришла"), personal=True),
        Column("loaded_at", "timestamp", Text("When it was met", "Когда встретилась"), required=True),
        Column("resolved_at", "timestamp", Text("When a mended row was loaded", "Когда исправленная строка загружена")),
    ),
    ("quarantine_id",),
    "loaded_at",
)  # fmt: skip

MERGES = Table(
    "merges",
    Text("Which customers were found to be one person, and which merges were undone; only ever added to", "Какие клиенты признаны одним человеком и какие слияния отменены; строки только добавляются"),
    (
        Column("customer_id", "string", Text("The customer that the row is about", "Клиент, о котором строка"), required=True),
        Column("master_id", "string", Text("The oldest customer of the same person; the customer itself where it is that one", "Самый давний клиент того же человека; сам клиент, если это он и есть"), required=True),
        Column("linked_id", "string", Text("The customer with whom the agreement was found", "Клиент, с которым найдено совпадение"), required=True),
        Column("rule", "string", Text("What made the link", "Чем установлена связь"), required=True, choices=("exact_email", "exact_phone", "same_identifier", "probabilistic", "by_hand")),
        Column("score", "number", Text("Probability that both are one person", "Вероятность, что это один человек"), required=True, minimum=0, maximum=1),
        Column("evidence", "string", Text("Names of the columns that agree", "Имена совпавших столбцов"), required=True),
        Column("run", "integer", Text("Number of the lake’s version in which the link was made", "Номер версии хранилища, в которой связь установлена"), required=True, minimum=0),
        Column("decided_at", "timestamp", Text("When the link was made", "Когда связь установлена"), required=True),
        Column("author", "string", Text("Who ran or decided it", "Кто запустил или решил"), required=True),
        Column("undone_at", "timestamp", Text("When it was undone, on the row that undoes it", "Когда отменена — в строке, которая отменяет")),
        Column("recorded_at", "timestamp", Text("When the row was written; a customer’s newest row is in force", "Когда записана строка; действует самая новая строка клиента"), required=True),
    ),
    ("customer_id", "recorded_at"),
    "recorded_at",
)  # fmt: skip

FIGURES = Table(
    "figures",
    Text("Figures of metrics as they were computed, snapshot after snapshot; only ever added to", "Значения показателей, как их вычислили, снимок за снимком; строки только добавляются"),
    (
        Column("series", "string", Text("Key of metric, definition, settings, grain and slices", "Ключ показателя, определения, настроек, шага и срезов"), required=True),
        Column("metric", "string", Text("The metric", "Показатель"), required=True),
        Column("definition", "string", Text("The definition and its version", "Определение и его версия"), required=True),
        Column("settings", "json", Text("Parameters, time zone, fiscal year and currency", "Параметры, часовой пояс, финансовый год и валюта"), required=True),
        Column("grain", "string", Text("Length of the periods", "Длина периодов"), required=True),
        Column("period", "date", Text("First day of the period", "Первый день периода"), required=True),
        Column("slices", "json", Text("Member of each dimension; {} where it is not sliced", "Значение каждого измерения; {}, если срезов нет"), required=True),
        Column("value", "number", Text("The figure; empty where undefined", "Значение; пусто, если не определено")),
        Column("n", "number", Text("Records that it rests on", "Число записей, на которых оно основано")),
        Column("lower", "number", Text("Lower bound of the interval", "Нижняя граница интервала")),
        Column("upper", "number", Text("Upper bound of the interval", "Верхняя граница интервала")),
        Column("missing_share", "number", Text("Share of records that could not be used", "Доля записей, которые не удалось использовать")),
        Column("note", "string", Text("Key of what is to be known about it", "Ключ примечания")),
        Column("complete", "boolean", Text("The period was over", "Период завершён")),
        Column("recorded", "boolean", Text("There were records of this slice in this period", "В этом периоде были записи этого среза"), required=True),
        Column("gone", "boolean", Text("The figure is no more: its records went elsewhere", "Значения больше нет: его записи перешли в другие периоды или срезы"), required=True),
        Column("data_version", "integer", Text("Version of the lake whose data it was made from", "Версия хранилища, по данным которой вычислено"), required=True, minimum=0),
        Column("computed_at", "timestamp", Text("When it was written", "Когда записано"), required=True),
        Column("author", "string", Text("Who had it computed", "Кто запустил вычисление"), required=True),
    ),
    ("series", "period", "slices", "computed_at"),
    "computed_at",
)  # fmt: skip

COMPUTATIONS = Table(
    "computations",
    Text("Which series of figures were computed when, and from which data", "Какие ряды значений когда и по каким данным вычислены"),
    (
        Column("series", "string", Text("Key of metric, definition, settings, grain and slices", "Ключ показателя, определения, настроек, шага и срезов"), required=True),
        Column("metric", "string", Text("The metric", "Показатель"), required=True),
        Column("definition", "string", Text("The definition and its version", "Определение и его версия"), required=True),
        Column("settings", "json", Text("Parameters, time zone, fiscal year and currency", "Параметры, часовой пояс, финансовый год и валюта"), required=True),
        Column("grain", "string", Text("Length of the periods", "Длина периодов"), required=True),
        Column("by", "json", Text("Dimensions of the slices, as {\"by\": […]}", "Измерения срезов, в виде {\"by\": […]}"), required=True),
        Column("data_version", "integer", Text("Version of the lake whose data were read", "Версия хранилища, данные которой прочитаны"), required=True, minimum=0),
        Column("tables", "json", Text("Delta version of every table that was read", "Версия Delta каждой прочитанной таблицы"), required=True),
        Column("members", "json", Text("The slices that had records, and the first period of each", "Срезы, в которых были записи, и первый период каждого"), required=True),
        Column("since", "date", Text("First period that was computed anew; empty where all were", "Первый период, вычисленный заново; пусто, если заново вычислены все")),
        Column("first", "date", Text("First period of which there are records", "Первый период, за который есть записи")),
        Column("last", "date", Text("Last period of the series", "Последний период ряда")),
        Column("running", "date", Text("First period of it that was not over", "Первый его незавершённый период")),
        Column("newest", "date", Text("Day of the newest record that it rests on", "День самой новой записи, на которой он основан")),
        Column("figures", "integer", Text("Figures computed", "Вычислено значений"), required=True, minimum=0),
        Column("changed", "integer", Text("Figures that were new, had changed or were no more", "Новых, изменившихся и исчезнувших значений"), required=True, minimum=0),
        Column("computed_at", "timestamp", Text("When it was written", "Когда записано"), required=True),
        Column("author", "string", Text("Who had it computed", "Кто запустил вычисление"), required=True),
    ),
    ("series", "computed_at"),
    "computed_at",
)  # fmt: skip

THEMES = Table(
    "themes",
    Text("Themes of the answers to «why»; replaced as a whole whenever they are found anew", "Темы ответов на вопрос «почему»; заменяются целиком при каждом новом поиске тем"),
    (
        Column("answer_id", "string", Text("The answer to «why»", "Ответ на вопрос «почему»"), required=True),
        Column("response_id", "string", Text("The questionnaire that it stands in", "Анкета, в которой он стоит")),
        Column("language", "string", Text("Language of the answer; empty where it could not be told", "Язык ответа; пусто, если определить не удалось"), choices=("en", "pt", "ru")),
        Column("theme", "string", Text("The theme, by its strongest words; «other» where none fits", "Тема, названная самыми сильными словами; other, если ни одна не подходит"), required=True),
        Column("weight", "number", Text("Share of the answer that the theme accounts for", "Доля ответа, которая приходится на тему"), required=True, minimum=0, maximum=1),
        Column("at", "timestamp", Text("When the answer was given", "Когда дан ответ"), required=True),
        Column("loaded_at", "timestamp", Text("When the theme was found", "Когда найдена тема"), required=True),
    ),
    ("answer_id",),
    "at",
)  # fmt: skip

PREDICTIONS = Table(
    "predictions",
    Text("What customers are expected to buy and to bring; replaced as a whole whenever predicted anew", "Сколько клиенты, как ожидается, купят и принесут; заменяется целиком при каждом новом прогнозе"),
    (
        Column("customer_id", "string", Text("The customer", "Клиент"), required=True),
        Column("method", "string", Text("The method of lifetime value", "Метод ценности клиента"), required=True),
        Column("horizon_days", "integer", Text("Days that the prediction reaches", "На сколько дней вперёд прогноз"), unit="days", required=True, minimum=1),
        Column("p_alive", "number", Text("Probability to be a customer still", "Вероятность, что клиент ещё остаётся клиентом"), minimum=0, maximum=1),
        Column("expected_purchases", "number", Text("Purchases expected in the horizon", "Ожидаемое число покупок за горизонт"), minimum=0),
        Column("value", "number", Text("Margin expected in the horizon, discounted", "Ожидаемая маржа за горизонт, дисконтированная")),
        Column("lower", "number", Text("Lower bound of the interval of the expected value", "Нижняя граница интервала ожидаемой ценности")),
        Column("upper", "number", Text("Upper bound of the interval of the expected value", "Верхняя граница интервала ожидаемой ценности")),
        Column("currency", "string", Text("Currency of the value", "Валюта ценности")),
        Column("at", "timestamp", Text("Moment up to which purchases were known", "Момент, до которого были известны покупки"), required=True),
        Column("made_at", "timestamp", Text("When the prediction was made", "Когда сделан прогноз"), required=True),
    ),
    ("customer_id",),
    "at",
)  # fmt: skip

ERASURES = Table(
    "erasures",
    Text("Ids that were erased on request, as salted hashes; only ever added to", "Коды, удалённые по требованию, в виде хешей с солью; строки только добавляются"),
    (
        Column("kind", "string", Text("The table whose key was hashed", "Таблица, ключ которой хеширован"), required=True),
        Column("hash", "string", Text("Salted hash of the id", "Хеш кода с солью"), required=True),
        Column("erasure", "string", Text("The certificate", "Свидетельство"), required=True),
        Column("recorded_at", "timestamp", Text("When the row was written; the newest of a hash is in force", "Когда записана строка; действует самая новая строка хеша"), required=True),
        Column("author", "string", Text("Who erased or lifted it", "Кто удалил или снял запрет"), required=True),
        Column("lifted", "boolean", Text("True where the id may be loaded again", "Истина, если код снова можно загружать"), required=True),
    ),
    ("hash", "recorded_at"),
    "recorded_at",
)  # fmt: skip

LAKE_TABLES: dict[str, Table] = {
    **TABLES,
    **{table.name: table for table in (QUARANTINE, MERGES, FIGURES, COMPUTATIONS, THEMES, PREDICTIONS, ERASURES)},
}
