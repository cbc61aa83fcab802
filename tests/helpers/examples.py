"""How often random tests roll the dice."""

import os

# Cheap tests take as many; the others a part of it.
EXAMPLES = int(os.environ.get("HOSTADMIN_TEST_EXAMPLES", "1000"))
