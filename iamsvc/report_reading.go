package iamsvc

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// reportLife is how long IAM keeps a report before it makes a new one (IAM
	// User Guide, credential reports).
	reportLife = 4 * time.Hour
	// reportMargin allows for the time in which a report was being made: what
	// happened then may be missing in it.
	reportMargin = time.Minute
	// staleReport: from this age on a user without keys in the report is read
	// as any other.
	staleReport = reportLife + 30*time.Minute
	// currentReport: up to this age a new report tells who is there as well as
	// the list of users does.
	currentReport = 2 * time.Minute
)

// reportReading is a credential report and what it can be relied on for. Times
// but Generated are by Keydesk's clock, which need not be the server's.
type reportReading struct {
	CredentialReport
	Since time.Time // what was so before this is in it; zero: the report has no date
	Made  time.Time // when it was generated; zero: the report has no date
	// TellsKeyless: a user without dates of keys has no keys. The documentation
	// says that inactive keys have none either; IAM gives them one, and only a
	// report that shows this is believed.
	TellsKeyless bool
}

// newReportReading takes a report that was fetched at now and generated age
// ago. asked is when Keydesk asked for it, zero when somebody else did.
func newReportReading(r CredentialReport, age time.Duration, now, asked time.Time) reportReading {
	if r.Generated.IsZero() {
		return reportReading{CredentialReport: r}
	}
	made := now.Add(-max(age, 0))
	reading := reportReading{CredentialReport: r, Since: made.Add(-reportMargin), Made: made}
	if asked.After(reading.Since) {
		reading.Since = asked
	}
	if age < staleReport {
		reading.TellsKeyless = r.datesInactiveKeys()
	}
	return reading
}

// byUser are the rows by the name of the user, without the root user's.
func (r CredentialReport) byUser() map[string]ReportRow {
	rows := make(map[string]ReportRow, len(r.Rows))
	for _, row := range r.Rows {
		if !row.IsRoot {
			rows[row.User] = row
		}
	}
	return rows
}

func (r CredentialReport) datesInactiveKeys() bool {
	for _, row := range r.Rows {
		for _, s := range row.Slots {
			if !s.Active && !row.IsRoot {
				return true
			}
		}
	}
	return false
}

// tooOld: the report tells nothing about who changed lately, or there is none.
func (r reportReading) tooOld(now time.Time) bool { return now.Sub(r.Since) > staleReport }

// reportedKeyless: the report says that u has no keys, and can be believed.
func (f *facts) reportedKeyless(u User) bool {
	row, ok := f.row(u)
	return ok && len(row.Slots) == 0 && f.Report.TellsKeyless
}

// readReport gets the credential report, having it made if there is none or it
// is too old, and tells whether it is so new that it stands for the list of
// users. Where Keydesk may not have it made, one made by somebody else will do.
// looked is called once, when it is known whether there was one.
func (a *Account) readReport(ctx context.Context, looked func()) (calls int, current bool, err error) {
	known := sync.OnceFunc(looked)
	defer known()
	var asked time.Time
	var refused error
	for looks, order := 0, false; ; {
		if order {
			asked, order, looks = a.now(), false, 0
			calls++
			var ready bool
			ready, refused = a.askForReport(ctx)
			if !ready && refused == nil {
				_ = sleep(ctx, a.untilReport(looks))
			}
		}
		r, age, err := a.credentialReport(ctx, a.lists)
		calls++
		looks++
		switch wait := a.untilReport(looks); {
		case err == nil:
			current = a.takeReport(newReportReading(r, age, a.now(), asked))
			a.save(ctx) // or a restart forgets the uses it tells of
			known()
			if order = asked.IsZero() && age >= reportLife; !order {
				return calls, current, nil
			}
		case noReport(err) && asked.IsZero():
			order = true
			known()
		case refused != nil, !noReport(err) && !errors.Is(err, ErrReportInProgress), wait == 0, sleep(ctx, wait) != nil:
			err = cmp.Or(refused, err)
			a.learn(func(f *facts) { f.setReportErr(err, a.now()) })
			return calls, false, err
		}
	}
}

func (a *Account) takeReport(r reportReading) (current bool) {
	a.learn(func(f *facts) {
		f.reportErr = nil
		another := !r.Generated.Equal(f.Report.Generated) || !bytes.Equal(r.Raw, f.Report.Raw)
		if another || r.Since.IsZero() {
			f.setReport(r)
		}
		f.Report.TellsKeyless = r.TellsKeyless // which ends with its age
		current = another && a.now().Sub(r.Since) < currentReport
	})
	return current
}

func noReport(err error) bool {
	return errors.Is(err, ErrReportNotPresent) || errors.Is(err, ErrReportExpired)
}

// askForReport reports whether one is there already. That IAM is busy making
// one for somebody else, or too busy to say, is no error: looking will tell.
func (a *Account) askForReport(ctx context.Context) (ready bool, err error) {
	s, err := a.generateReport(ctx, a.lists)
	if errors.Is(err, ErrThrottled) || errors.Is(err, ErrKeyQuota) || errors.Is(err, ErrConcurrent) || errors.Is(err, ErrUnavailable) {
		return false, nil
	}
	return s.State == "COMPLETE", err
}

// untilReport is how long to wait before the next look at a report that is
// being made; 0 when that has taken too long. It is ready after two seconds in
// a small account and after five in a large one.
func (a *Account) untilReport(looks int) time.Duration {
	switch waits := a.reportPoll; {
	case looks == 0:
		return waits * 21 / 10
	case looks == 1:
		return waits * 298 / 100
	case time.Duration(looks)*5*waits <= a.reportWait:
		return 5 * waits
	}
	return 0
}

// setReportErr notes that there is no newer report than the one there may be.
func (f *facts) setReportErr(err error, now time.Time) {
	f.reportErr = err
	if f.Report.tooOld(now) {
		f.Report.TellsKeyless = false
	}
}
