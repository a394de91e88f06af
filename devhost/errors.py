"""What can go wrong in the host, as one tree.

DevhostError
├── AppError                    the app (or the way it was started) must change
│   ├── AppNotFoundError        no function_app.py, or nothing in it that is an app
│   ├── AppImportError          function_app.py does not import
│   ├── AnnotationError         the worker could not resolve a function's annotations
│   ├── ConfigurationError      host.json, local.settings.json or an option is wrong
│   └── NotEmulatedError        something that devhost does not do; names its row of PARITY.md
├── RequestError                a caller asked for what the instance's state forbids
│   ├── InstanceNotFoundError   no such instance
│   ├── InstanceEndedError      it has completed, failed or been terminated
│   ├── InstanceExistsError     an instance of that id is alive
│   └── InstanceStateError      the operation does not fit the state
├── UnknownFunctionError        the app has no function of that name; the message is the real host's
└── HostError                   we must change, or somebody must try again
    ├── PortBusyError           another process listens there
    └── StoreLockedError        another devhost owns the database file
"""

from __future__ import annotations


class DevhostError(Exception):
    """Base of everything that devhost raises on purpose."""


class AppError(DevhostError):
    """The app is wrong; the message says what to change."""


class AppNotFoundError(AppError):
    """There is no app where one was expected."""


class AppImportError(AppError):
    """The app's front door does not import."""


class AnnotationError(AppError):
    """A function's annotations do not resolve at run time."""


class ConfigurationError(AppError):
    """A configuration file or an option cannot be used."""


class NotEmulatedError(AppError):
    """The app asks for something that devhost does not do."""


class RequestError(DevhostError):
    """The request cannot be carried out in the state that the instance is in."""

    def __init__(self, instance_id: str, status: str = "") -> None:
        super().__init__(f"instance {instance_id!r} is {status or 'unknown'}")
        self.instance_id = instance_id
        self.status = status


class InstanceNotFoundError(RequestError):
    """No instance has that id."""


class InstanceEndedError(RequestError):
    """The instance has ended; *status* says how."""


class InstanceExistsError(RequestError):
    """An instance of that id is alive; *status* says in which state."""


class InstanceStateError(RequestError):
    """The operation is not possible in the instance's state, *status*."""


class UnknownFunctionError(DevhostError):
    """A caller names a function that the app does not have."""


class HostError(DevhostError):
    """The host cannot go on; the message holds the facts."""


class PortBusyError(HostError):
    """Another process listens on the port."""


class StoreLockedError(HostError):
    """Another devhost process owns the database file."""
