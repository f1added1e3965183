from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("surveys", "0002_consent_of_letters"),
    ]

    operations = [
        migrations.AddField(
            model_name="survey",
            name="revision",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
