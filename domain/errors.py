"""What can go wrong in the app, as one tree.

CountersignError
├── InputError               whoever sent it must change it
│   ├── PayloadError         a payload has the wrong shape
│   ├── PhoneNumberError     no phone number that exists
│   └── DestinationError     a phone number that we send nothing to
├── SettingError             the operator must change a setting; the message names it, and never holds a secret
├── ConflictError            an id or key already stands for something else; trying again never helps
└── StorageError             a table could not be read or written; try again
"""

from __future__ import annotations


class CountersignError(Exception):
    """Base of everything that the app raises on purpose."""


class InputError(CountersignError):
    """What came in cannot be used."""


class PayloadError(InputError):
    """A payload has the wrong shape; the message names the field and never its value."""


class PhoneNumberError(InputError):
    """Not the number of any phone."""


class DestinationError(InputError):
    """The number is good, but its region or kind is not one that we send to."""


class SettingError(CountersignError):
    """A setting is missing or malformed; the message names it."""


class ConflictError(CountersignError):
    """An id or a key already stands for something else."""


class StorageError(CountersignError):
    """The storage did not do what was asked; trying again may help."""
