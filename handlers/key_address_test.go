package handlers

import (
	"strings"
	"testing"
	"testing/quick"

	"keydesk/iamsvc"
)

func keysOf(ids ...string) (keys []iamsvc.AccessKey) {
	for _, id := range ids {
		keys = append(keys, iamsvc.AccessKey{ID: id})
	}
	return keys
}

// Every key of a list is found at its own address and nowhere else, whatever IDs
// the server makes.
func TestEveryKeyHasAnAddress(t *testing.T) {
	t.Parallel()
	const account = "123456789012"
	found := func(ids []string) bool {
		unique := map[string]bool{}
		for _, id := range ids {
			unique[id] = true
		}
		if len(unique) != len(ids) || unique[""] {
			return true
		}
		for _, id := range ids {
			address := keyAddress(account, id)
			if key, err := keyAt(keysOf(ids...), account, address, ""); err != nil || key.ID != id {
				t.Errorf("%q of %q is at %s, where there is %q", id, ids, address, key.ID)
			}
			if strings.Contains(address, id) {
				t.Errorf("%q is in its address %s", id, address)
			}
		}
		return true
	}
	found([]string{"svc-prod-00000001", "svc-test-00000001", "00000001", "a", "a/b", "A/B", "../../x", "ключ", "AKIARZPUZDIKKGD57VSH"})
	found([]string{"AKIA1111SAMEEND1", "AKIA2222SAMEEND1", keyHash("AKIA1111SAMEEND1")})
	if err := quick.Check(found, nil); err != nil {
		t.Error(err)
	}
}

func TestKeyAddresses(t *testing.T) {
	t.Parallel()
	keys := keysOf("AKIA1111SAMEEND1", "AKIA2222SAMEEND1", "AKIAOTHERKEYID22")
	for _, c := range []struct{ address, id, want string }{
		{"EYID22", "", ""},
		{"RKEYID22", "", "AKIAOTHERKEYID22"}, // an older link
		{"RKEYID22", "AKIAOTHERKEYID22", "AKIAOTHERKEYID22"},
		{"RKEYID22", "AKIA1111SAMEEND1", ""},
		{"SAMEEND1", "", ""},
		{"SAMEEND1", "AKIA2222SAMEEND1", "AKIA2222SAMEEND1"},
		{keyHash("AKIA1111SAMEEND1"), "", "AKIA1111SAMEEND1"},
		{keyHash("AKIA1111SAMEEND1"), "AKIA2222SAMEEND1", ""},
	} {
		if got, _ := keyAt(keys, "123456789012", c.address, c.id); got.ID != c.want {
			t.Errorf("%s %s: got %q, want %q", c.address, c.id, got.ID, c.want)
		}
	}
	const id = "AKIAY34FZKBOKMUTVV7A" // of account 609629065308
	if here, elsewhere := keyAddress("609629065308", id), keyAddress("123456789012", id); here != "KMUTVV7A" || len(elsewhere) != hashLength {
		t.Errorf("a key of AWS is at %s, where it is not of the account at %s", here, elsewhere)
	}
}

func TestKeyAnchors(t *testing.T) {
	t.Parallel()
	for _, id := range append(oddNames, "svc-prod-00000001") {
		if a := keyAnchor(id); strings.ContainsAny(a, " \t\n%#\"/") || a == "" {
			t.Errorf("%q has the anchor %q", id, a)
		}
	}
	if a := keyAnchor("AKIAIOSFODNN7EXAMPLE"); a != "AKIAIOSFODNN7EXAMPLE" {
		t.Error(a)
	}
}
