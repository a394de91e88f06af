"""Words and rules of the business."""
