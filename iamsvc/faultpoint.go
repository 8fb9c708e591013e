//go:build !faultpoints

package iamsvc

// Reach does nothing in a program that is built without the tag faultpoints.
func Reach(FaultPoint) {}
