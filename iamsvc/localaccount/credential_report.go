package localaccount

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"net/http"
	"strconv"
	"time"
)

// reportLifetime is how long a report is kept: until then the same bytes are answered whatever has changed since
// (IAM User Guide, credential reports).
const reportLifetime = 4 * time.Hour

// storedReport is the account's one report. It is written down when it is ordered and can be fetched once it is
// ready, so its state is never kept: it follows from the two times.
type storedReport struct {
	Content   []byte
	Generated time.Time // of the account's clock
	Ready     time.Time // of the wall clock
}

func (r *storedReport) running(wall time.Time) bool { return r != nil && wall.Before(r.Ready) }

func (r *storedReport) expired(now time.Time) bool {
	return r == nil || now.Sub(r.Generated) >= reportLifetime
}

type generateReportResult struct {
	State       string
	Description string `xml:",omitempty"`
}

func generateCredentialReport(c *call) (any, error) {
	s := c.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.report.running(time.Now()) {
		return generateReportResult{State: "INPROGRESS"}, nil
	}
	if !s.report.expired(c.clock()) {
		return generateReportResult{State: "COMPLETE"}, nil
	}
	content, err := c.reportContent(s.users, s.account)
	if err != nil {
		return nil, err
	}
	r := &storedReport{Content: content, Generated: c.clock(), Ready: time.Now().Add(c.trouble.reportTime())}
	if err := s.commit(record{Report: r}, c.write(), func() { s.report = r }); err != nil {
		return nil, err
	}
	return generateReportResult{"STARTED", "No report exists. Starting a new report generation task"}, nil
}

type credentialReportResult struct {
	Content       string
	ReportFormat  string
	GeneratedTime string
}

func getCredentialReport(c *call) (any, error) {
	c.store.mu.RLock()
	r := c.store.report
	c.store.mu.RUnlock()
	switch {
	case r == nil:
		return nil, fault(http.StatusGone, "ReportNotPresent", "Unknown")
	case r.running(time.Now()):
		return nil, fault(http.StatusNotFound, "ReportInProgress", "Unknown")
	case r.expired(c.clock()):
		return nil, fault(http.StatusGone, "ReportExpired", "The most recent credential report has expired. Generate a new credential report.")
	}
	return credentialReportResult{base64.StdEncoding.EncodeToString(r.Content), "text/csv", stamp(r.Generated)}, nil
}

var reportHeader = []string{
	"user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed",
	"password_next_rotation", "mfa_active",
	"access_key_1_active", "access_key_1_last_rotated", "access_key_1_last_used_date", "access_key_1_last_used_region", "access_key_1_last_used_service",
	"access_key_2_active", "access_key_2_last_rotated", "access_key_2_last_used_date", "access_key_2_last_used_region", "access_key_2_last_used_service",
	"cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
}

// reportContent is the CSV as AWS writes it: root first, then the users by name without regard to case, line feeds,
// and none after the last line.
func (a *Account) reportContent(users roster, account accountRecord) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(reportHeader) // errors of a csv.Writer are kept until Error
	_ = w.Write(a.rootReportRow(account))
	now := time.Now()
	for _, u := range users {
		_ = w.Write(a.reportRow(u, now))
	}
	w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), w.Error()
}

func (a *Account) rootReportRow(account accountRecord) []string {
	row := []string{"<root_account>", a.arn("root"), stamp(account.Created), "true", stamp(account.RootSignedIn),
		stamp(account.Created), "not_supported", "true"}
	var key *accessKey
	if !a.rootKey.IsZero() {
		key = &accessKey{Status: statusActive, Created: a.rootKey}
	}
	row = append(row, keyColumns(key, time.Time{})...)
	row = append(row, keyColumns(nil, time.Time{})...)
	return append(row, certificateColumns(nil)...)
}

func (a *Account) reportRow(u *user, now time.Time) []string {
	row := []string{u.Name, a.arn(u.resource()), stamp(u.Created)}
	row = append(row, passwordColumns(u.Password)...)
	row = append(row, strconv.FormatBool(len(u.MFADevices) > 0))
	for slot := range keysPerUser {
		var key *accessKey
		if slot < len(u.Keys) {
			key = &u.Keys[slot]
		}
		row = append(row, keyColumns(key, now)...)
	}
	return append(row, certificateColumns(u.Certificates)...)
}

func passwordColumns(p *password) []string {
	if p == nil {
		return []string{"false", "N/A", "N/A", "N/A"}
	}
	used := stamp(p.LastUsed)
	if used == "" {
		used = "no_information"
	}
	return []string{"true", used, stamp(p.Set), "N/A"}
}

// keyColumns keeps the date of an inactive key: only a missing one has none.
func keyColumns(k *accessKey, now time.Time) []string {
	if k == nil {
		return []string{"false", "N/A", "N/A", "N/A", "N/A"}
	}
	use := k.reported(now)
	return []string{strconv.FormatBool(k.Status == statusActive), stamp(k.Created), orNotAvailable(stamp(use.At)), use.region(), use.service()}
}

func certificateColumns(certificates []signingCertificate) []string {
	row := []string{"false", "N/A", "false", "N/A"}
	for i, c := range certificates {
		if i < 2 {
			row[2*i], row[2*i+1] = strconv.FormatBool(c.Status == statusActive), stamp(c.Uploaded)
		}
	}
	return row
}
