"""An app of its own that hears when a verification or a case of Countersign has ended.

Start it beside Countersign, with the same `AzureWebJobsStorage`. The queue delivers each event at least once; the same
event has the same id each time, so whatever you do with one, do it by that id.
"""

import json
import logging

import azure.functions as func

app = func.FunctionApp()
logger = logging.getLogger(__name__)


@app.queue_trigger(arg_name="message", queue_name="completions", connection="AzureWebJobsStorage")
def NoteCompletion(message: func.QueueMessage) -> None:
    """Take one CloudEvent; a message that makes this raise five times goes to the queue completions-poison."""
    event = json.loads(message.get_body())
    logger.info("heard %s of %s, event %s", event["type"], event["subject"], event["id"])
