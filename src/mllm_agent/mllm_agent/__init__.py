"""An agent that lets a language model with eyes plan skills of two arms, and tells it truthfully what came of them."""
