"""Who answers for a metric."""

from septima.schema import Text

SALES = Text("Head of sales", "Руководитель отдела продаж")
MARKETING = Text("Head of marketing", "Руководитель отдела маркетинга")
CUSTOMER_SERVICE = Text("Head of customer service", "Руководитель клиентского сервиса")
CLAIMS = Text("Head of claims", "Руководитель отдела претензий")
DELIVERY = Text("Head of delivery", "Руководитель службы доставки")
PEOPLE = Text("Head of HR", "Руководитель отдела персонала")
FINANCE = Text("Chief financial officer", "Финансовый директор")
CRM = Text("CRM leader", "Руководитель CRM")
DATA = Text("Data steward", "Ответственный за данные")
