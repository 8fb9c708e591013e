//go:build faultpoints

package iamsvc

import (
	"fmt"
	"os"
)

// Reach stops here for ever if the environment asks for this point, and says
// so: whoever tests kills the program then.
func Reach(p FaultPoint) {
	if os.Getenv("KEYDESK_FAULT_POINT") != string(p) {
		return
	}
	fmt.Fprintln(os.Stderr, "fault point reached:", p)
	select {}
}
