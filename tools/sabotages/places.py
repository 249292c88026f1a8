"""Where the code lies, and who judges."""

PAYMENTS = "shared/platform/src/payments/"
STORE = "shared/platform/src/store/"
IDENTITY = "shared/platform/src/identity/"
PLATFORM = "shared/platform/src/"
DOMAIN = "shared/domain/src/"
FUNCTIONS = "functions/src/"

HUNT = "hunt"


def it(name):
    """A test through the front door."""
    return f"-p tests --test it -- {name}"


def unit(package, name):
    """A test of one crate."""
    return f"-p {package} -- {name}"
