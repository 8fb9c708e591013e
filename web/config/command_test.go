package config

import (
	"io"
	"slices"
	"strings"
	"testing"
)

func TestCommands(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"audit verify -data x": CommandVerify, "audit export -format csv": CommandExport, "audit rotate-key": CommandRotate,
		"audit find-secrets": CommandFindSecrets, "audit seal -rows found": CommandSeal, "people list": CommandPeople,
		"people create -user ann -role auditor": CommandCreatePerson, "people reset-password -user ann": CommandResetPassword,
		"people reset-codes -user ann": CommandResetCodes, "people end-sessions -user ann": CommandEndSessions, "-data audit": "",
	} {
		c, err := Parse(strings.Fields(line), environment(nil), io.Discard)
		if err != nil || c.Command != want || c.Validate() != nil {
			t.Errorf("%s: %q %v %v", line, c.Command, err, c.Validate())
		}
	}
	for _, line := range []string{"audit", "audit delete", "verify", "audit verify now", "-data x audit verify", "people", "people ann"} {
		if c, err := Parse(strings.Fields(line), environment(nil), io.Discard); err == nil {
			t.Errorf("%s was accepted: %q", line, c.Command)
		}
	}
	for _, line := range []string{"audit seal", "audit seal -rows x", "audit export -format xml", "people create -user ann",
		"people create -role auditor", "people reset-password", "people reset-codes", "people end-sessions"} {
		if c, err := Parse(strings.Fields(line), environment(nil), io.Discard); err != nil || c.Validate() == nil {
			t.Errorf("%s is valid (%v)", line, err)
		}
	}
}

func TestSealRows(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]int64{"17": {17}, "40-42,17": {17, 40, 41, 42}, "3, 3,2-4": {2, 3, 4}, RowsFound: nil} {
		if got, err := (Config{Rows: text}).SealRows(); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "5-4", "1-", "x", "1,,2", "1-9999999999", "1 2"} {
		if got, err := (Config{Rows: text}).SealRows(); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}
