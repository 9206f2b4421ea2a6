"""Every error the product raises on purpose.

    GuildhallError
    ├── InvalidInput          what was sent breaks a rule of form
    ├── Unauthenticated       nobody, or not who he says
    ├── Forbidden             somebody, but not the party the rule names
    ├── NotFound              unknown, or not for the asker's eyes: both answer alike
    ├── Conflict              right form, wrong state
    ├── TooLarge              over a stated limit
    ├── TooManyRequests       over a stated rate
    └── Unavailable           try again later: a service behind us did not answer

A class names the broken fact and carries the facts as keyword fields; the message is built from them. Nothing here
knows HTTP: app.web maps the second level to status codes. A module for each domain; all are imported from here.
"""

from app.errors.accounts import *
from app.errors.agents import *
from app.errors.auctions import *
from app.errors.chain import *
from app.errors.content import *
from app.errors.form import *
from app.errors.kinds import *
from app.errors.money import *
from app.errors.reputation import *
from app.errors.routing import *
from app.errors.tasks import *
