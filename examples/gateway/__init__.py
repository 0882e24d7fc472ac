"""A gateway: HTTP and a page in the browser in front of workers: live events, back-pressure, progress, cancel."""
