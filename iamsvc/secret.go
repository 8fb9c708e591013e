package iamsvc

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Secret is a secret access key. It prints as "[redacted]" through every fmt
// verb, slog and every encoder, so that a value that strays into a log line, a
// struct dump or a JSON body gives nothing away. It is held behind a pointer
// because fmt does not ask values in unexported fields to format themselves:
// of those it prints an address.
type Secret struct {
	value *string
}

// NewSecret takes charge of value.
func NewSecret(value string) Secret { return Secret{value: &value} }

// Reveal returns the secret itself. Its one caller is the page that hands a
// new key to its owner.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether there is no secret here.
func (s Secret) IsZero() bool { return s.value == nil || *s.value == "" }

// Format implements fmt.Formatter for all verbs.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText implements encoding.TextMarshaler, which JSON and XML use.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// GobEncode implements gob.GobEncoder.
func (s Secret) GobEncode() ([]byte, error) { return []byte(redacted), nil }
