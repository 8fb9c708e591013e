package iamsvc

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const sentinel = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

func TestSecretPrintsNothing(t *testing.T) {
	t.Parallel()
	s := NewSecret(sentinel)
	type holder struct {
		Public  Secret
		private Secret
		Pointer *Secret
	}
	h := holder{s, s, &s}
	created := CreatedAccessKey{Secret: s}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%t", "%10s"} {
		for _, v := range []any{s, &s, h, &h, created, []Secret{s}, map[string]Secret{"k": s}, map[Secret]int{s: 1}} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
	}
	fmt.Fprintln(&out, s, h, created)
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("x", "secret", s, "holder", h, "created", created, "pointer", &s)
	}
	if err := json.NewEncoder(&out).Encode(map[string]any{"a": s, "b": h, "c": created, "d": map[string]*Secret{"x": &s}}); err != nil {
		t.Error(err)
	}
	if err := xml.NewEncoder(&out).Encode(h); err != nil {
		t.Error(err)
	}
	if err := gob.NewEncoder(&out).Encode(created); err != nil {
		t.Error(err)
	}
	for _, part := range []string{sentinel, "wJalr", fmt.Sprintf("%x", sentinel[:8])} {
		if strings.Contains(strings.ToLower(out.String()), strings.ToLower(part)) {
			t.Errorf("the output holds %q:\n%s", part, out.String())
		}
	}
	if !strings.Contains(out.String(), redacted) {
		t.Error("nothing says that something was left out")
	}
	if s.Reveal() != sentinel {
		t.Error("Reveal does not")
	}
}
