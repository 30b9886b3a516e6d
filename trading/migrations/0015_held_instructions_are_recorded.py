from django.db import migrations


def say(was, becomes):
    def run(apps, schema_editor):
        apps.get_model("trading", "ExerciseInstruction").objects.filter(state=was).update(state=becomes)

    return run


class Migration(migrations.Migration):
    dependencies = [
        ("trading", "0014_instructions_travel"),
    ]

    operations = [
        migrations.RunPython(say("HELD", "RECORDED"), say("RECORDED", "HELD")),
    ]
