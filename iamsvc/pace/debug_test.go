package pace

import (
	"os"
	"strconv"
	"testing"
)

func TestDebug(t *testing.T) {
	i, _ := strconv.Atoi(os.Getenv("SC"))
	debug = t.Logf
	s := scenarios()[i]
	r := s.run(t, 1)
	debug = nil
	t.Logf("%+v %+v", s, r)
}
