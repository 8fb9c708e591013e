package handlers

import (
	"slices"
	"testing"
	"time"

	"keydesk/iamsvc"
	"keydesk/web/audit"
)

func TestStillUnsaved(t *testing.T) {
	t.Parallel()
	inventory := testInventory()
	user := inventory.Users[slices.IndexFunc(inventory.Users, func(u iamsvc.InventoryUser) bool { return len(u.Keys) > 0 && u.KeysErr == nil })]
	before := inventory.AsOf.Add(-time.Hour)
	for name, test := range map[string]struct {
		event audit.Event
		want  int
	}{
		"gone":                   {audit.Event{AccessKeyID: "AKIAGONE", User: user.Name, Time: before}, 0},
		"gone with its user":     {audit.Event{AccessKeyID: "AKIAGONE", User: "nobody", Time: before}, 0},
		"newer than the reading": {audit.Event{AccessKeyID: "AKIANEW", User: user.Name, Time: inventory.AsOf.Add(time.Second)}, 1},
	} {
		if got := stillUnsaved([]audit.Event{test.event, test.event}, inventory); len(got) != test.want {
			t.Errorf("%s: %d keys, want %d", name, len(got), test.want)
		}
	}
	broken := &iamsvc.Inventory{AsOf: inventory.AsOf, Err: iamsvc.ErrUnavailable}
	if got := stillUnsaved([]audit.Event{{AccessKeyID: "AKIAGONE", User: "x", Time: before}}, broken); len(got) != 1 {
		t.Error("what could not be read is taken for gone")
	}
	for name, test := range map[string]struct {
		use  iamsvc.LastUsed
		used bool
	}{
		"not read":   {iamsvc.LastUsed{}, false},
		"never used": {iamsvc.NeverUsed(before), false},
		"used":       {iamsvc.Used(before, "", "", before), true},
	} {
		if got := used(iamsvc.AccessKey{LastUsed: test.use}); got != test.used {
			t.Errorf("%s: used is %v", name, got)
		}
	}
}
