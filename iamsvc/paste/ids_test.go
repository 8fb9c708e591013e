package paste

import "testing"

func TestAccountOfKey(t *testing.T) {
	t.Parallel()
	tests := []struct {
		id, account string
		ok          bool
	}{
		{"ASIAY34FZKBOKMUTVV7A", "609629065308", true}, // published with the method
		{"AKIAIOSFODNN7EXAMPLE", "", false},            // from before 2019
		{"AKIAJOSFODNN7EXAMPLE", "", false},
		{"AKIAQ1111111111111111", "", false},
		{"AKIA0000000000000000", "", false}, // not base32
		{"", "", false},
	}
	for _, tt := range tests {
		if got, ok := AccountOfKey(tt.id); got != tt.account || ok != tt.ok {
			t.Errorf("AccountOfKey(%q) = %q, %v", tt.id, got, ok)
		}
	}
}
