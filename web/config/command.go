package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// What Keydesk can do besides serving.
const (
	CommandVerify      = "audit verify"
	CommandExport      = "audit export"
	CommandRotate      = "audit rotate-key"
	CommandFindSecrets = "audit find-secrets"
	CommandSeal        = "audit seal"
	CommandAccept      = "audit accept-checkpoint"

	CommandPeople        = "people list"
	CommandCreatePerson  = "people create"
	CommandResetPassword = "people reset-password"
	CommandResetCodes    = "people reset-codes"
	CommandEndSessions   = "people end-sessions"
)

// Commands lists them, as they are typed.
func Commands() []string {
	return []string{
		CommandVerify, CommandExport, CommandRotate, CommandFindSecrets, CommandSeal, CommandAccept,
		CommandPeople, CommandCreatePerson, CommandResetPassword, CommandResetCodes, CommandEndSessions,
	}
}

// command takes the command off the front of the arguments.
func command(args []string) (name string, rest []string) {
	if len(args) >= 2 {
		if name = args[0] + " " + args[1]; slices.Contains(Commands(), name) {
			return name, args[2:]
		}
	}
	return "", args
}

// RowsFound is the value of Rows that stands for all rows that CommandFindSecrets names.
const RowsFound = "found"

// maxSealed is how many rows can be named at once.
const maxSealed = 10000

// SealRows are the numbers that Rows names, in their order; none for RowsFound.
func (c Config) SealRows() (rows []int64, err error) {
	if c.Rows == RowsFound {
		return nil, nil
	}
	for part := range strings.SplitSeq(c.Rows, ",") {
		from, to, ranged := strings.Cut(strings.TrimSpace(part), "-")
		first, err := strconv.ParseInt(from, 10, 64)
		last := first
		if err == nil && ranged {
			last, err = strconv.ParseInt(to, 10, 64)
		}
		if err != nil || first < 1 || last < first || last-first >= maxSealed {
			return nil, fmt.Errorf("-rows %q is neither %s nor numbers such as 17,40-42", c.Rows, RowsFound)
		}
		for n := first; n <= last; n++ {
			rows = append(rows, n)
		}
	}
	slices.Sort(rows)
	return slices.Compact(rows), nil
}

// validateCommand looks at the flags that go with one command only.
func (c Config) validateCommand() error {
	switch c.Command {
	case CommandExport:
		return oneOf("format", c.Format, "jsonl", "csv")
	case CommandSeal:
		_, err := c.SealRows()
		return err
	case CommandAccept:
		return notEmpty("reason", c.Reason)
	case CommandCreatePerson:
		return errors.Join(notEmpty("user", c.User), notEmpty("role", c.Role))
	case CommandResetPassword, CommandResetCodes, CommandEndSessions:
		return notEmpty("user", c.User)
	}
	return nil
}
