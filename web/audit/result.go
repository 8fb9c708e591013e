package audit

// results are the outcomes in the words of the pages and of the column that the
// CSV has for people. What is stored, sealed and exported for programs stays the
// outcome itself.
var results = map[string]string{
	OutcomeOK:           "Succeeded",
	OutcomeFailed:       "Failed",
	OutcomeRefused:      "Refused",
	OutcomeUnknown:      "Unknown",
	OutcomeWithdrawn:    "Withdrawn",
	OutcomeDelivered:    "Delivered",
	OutcomeUndelivered:  "Not delivered",
	OutcomeAcknowledged: "Acknowledged",
	OutcomeReconciled:   "Reconciled",
}

// ResultOf is an outcome in words for people; one that is not known stays as it is.
func ResultOf(outcome string) string {
	if text, ok := results[outcome]; ok {
		return text
	}
	return outcome
}

// Result is what came of an event, in words for people: "Failed (NoSuchEntity)".
// An attempt has only been started; "" where there is nothing to tell.
func (e Event) Result() string {
	text := ResultOf(e.Outcome)
	switch {
	case e.Phase == PhaseAttempt:
		return "Started"
	case e.ErrorCode == "":
		return text
	case text == "":
		return e.ErrorCode
	}
	return text + " (" + e.ErrorCode + ")"
}
