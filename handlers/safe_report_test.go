package handlers

import (
	"bytes"
	"testing"

	"keydesk/iamsvc"
	"keydesk/web/csvfile"
)

// IAM gives the names of users as they are; other servers may write anything.
func TestSafeReport(t *testing.T) {
	t.Parallel()
	report := iamsvc.CredentialReport{Header: []string{"user", "arn", "=column"}, Rows: []iamsvc.ReportRow{
		{Values: []string{"<root_account>", "arn:aws:iam::123456789012:root", "not_supported"}},
		{Values: []string{"=cmd", "arn:aws:iam::123456789012:user/=cmd", "2026-11-22T12:00:00+00:00"}},
		{Values: []string{"@x;y", "-1", "N/A"}},
		{Values: []string{"short"}},
	}}
	var out bytes.Buffer
	if err := writeSafeReport(csvfile.NewWriter(&out), report); err != nil {
		t.Fatal(err)
	}
	want := "user,arn,'=column\r\n" +
		"<root_account>,arn:aws:iam::123456789012:root,not_supported\r\n" +
		"'=cmd,arn:aws:iam::123456789012:user/=cmd,2026-11-22T12:00:00+00:00\r\n" +
		"\"'@x;y\",'-1,N/A\r\n" +
		"short\r\n"
	if got := out.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
