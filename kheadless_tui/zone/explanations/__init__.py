"""Why an answer is as it is: rules and the fields that decided, as data."""
