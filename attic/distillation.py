"""Train a teacher, and a student alone and with it: what `python -m impls.distillation.pytorch` and the others run."""

from dataclasses import replace

from impls._main import load, parser, progress, settings, told_in_a_line
from impls.distillation import STUDENT, TEACHER, Distillation, targets


def teach(teacher_class, student_class) -> None:
    """Print the test accuracy of the teacher, of a student alone, and of the same student taught for as many steps."""
    options = options_of("Train a network on MNIST, and a small one that learns from it.").parse_args()
    with told_in_a_line():
        distillation = Distillation(options.temperature, options.weight)
        teacher = teacher_class(settings(options))
        (images, labels), test = load(teacher, options)
        teacher.fit(images, labels, options.epochs, progress(options.epochs))
        tell("teacher", teacher, test)
        lessons = targets(labels, teacher.logits(images))
        for what, how in (("student, alone", Distillation(weight=0)), ("student, taught", distillation)):
            student = student_class(replace(settings(options), network=STUDENT), how)
            student.fit(images, lessons, options.student_epochs, progress(options.student_epochs))
            tell(what, student, test)


def options_of(description: str):
    found = parser(description, [TEACHER], epochs=3)
    found.add_argument("--student-epochs", type=int, default=10, help="of the student, each way (default: 10)")
    found.add_argument("--temperature", type=float, default=Distillation.temperature, help="default: 4")
    found.add_argument("--weight", type=float, default=Distillation.weight, help="of the teacher (default: 0.9)")
    return found


def tell(what, classifier, test):
    loss, accuracy = classifier.evaluate(*test)
    count = classifier.parameter_count()
    print(f"test accuracy {accuracy:.2%}, loss {loss:.4f}, {count:,} parameters: {what}")
