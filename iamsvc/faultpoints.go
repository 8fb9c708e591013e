package iamsvc

// FaultPoint names a moment of creating an access key at which the program may
// be killed. Every one of them is tried by a test of the built program, which
// then asks what the journal, the reconciler and the pages make of it.
type FaultPoint string

// The points, in the order in which a creation passes them.
const (
	BeforeAttempt  FaultPoint = "before-attempt"  // nothing is written, nothing sent
	AfterAttempt   FaultPoint = "after-attempt"   // the attempt is journalled, IAM not called
	AfterReply     FaultPoint = "after-reply"     // the key exists, its outcome is not journalled
	AfterOutcome   FaultPoint = "after-outcome"   // journalled, but without description, and not shown
	BeforeDelivery FaultPoint = "before-delivery" // the page is ready, nothing of it sent
	AfterWrite     FaultPoint = "after-write"     // the page is sent, its delivery not journalled
	AfterDelivery  FaultPoint = "after-delivery"  // all is journalled, the response not ended
)

// FaultPoints lists them all.
func FaultPoints() []FaultPoint {
	return []FaultPoint{BeforeAttempt, AfterAttempt, AfterReply, AfterOutcome, BeforeDelivery, AfterWrite, AfterDelivery}
}
