"""Why gold cannot be learned: the causes that `ie train` counts and that `ie check` has an advice for.

A cause that names a label ("type 'x' is not one of the model's") is made where it is counted, and has none of its own.
"""

NO_OFFSETS = "no offsets"
INSIDE_A_TOKEN = "boundary inside a token"
BEYOND_THE_OVERLAP = "longer than the overlap of two windows"
NEVER_IN_ONE_WINDOW = "its spans are never in one window"
OVERLAPS_A_LONGER_ONE = "overlaps a longer one"
UNKNOWN_ID = "id that is not in the knowledge base, learned as NIL"
UNKNOWN_NAME = "name that its entity does not have in the knowledge base, learned as NIL"
NOT_ANNOTATED = "record that is annotated for no part"
