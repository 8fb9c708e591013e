package handlers

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"keydesk/iamsvc"
)

// keyPlace names a key as a credential report does.
type keyPlace struct {
	user    string
	created int64
}

// evidence is what the server has said about one key.
type evidence struct {
	uses  []toldUse
	asked time.Time // the latest answer, used or not
}

type toldUse struct{ at, told time.Time }

// usedAfter reports whether a use later than since was told before then.
func (e *evidence) usedAfter(since, then time.Time) (time.Time, bool) {
	for _, u := range e.uses {
		if u.at.After(since) && u.told.Before(then) {
			return u.at, true
		}
	}
	return time.Time{}, false
}

func (e *evidence) hear(used, asOf time.Time) {
	if !used.IsZero() {
		e.uses = append(e.uses, toldUse{used, time.Now()})
	}
	if asOf.After(e.asked) {
		e.asked = asOf
	}
}

// witness reads every answer that the server gives Keydesk, by means of its own.
type witness struct {
	inner   aws.HTTPClient
	forgets atomic.Bool // answers are without the uses that there were, as other servers' are now and then

	mu       sync.Mutex
	live     map[string]*evidence   // by key ID
	reported map[keyPlace]*evidence // by the report
	twins    map[keyPlace]map[string]bool
}

func newWitness(inner aws.HTTPClient) *witness {
	return &witness{inner: inner, live: map[string]*evidence{}, reported: map[keyPlace]*evidence{}, twins: map[keyPlace]map[string]bool{}}
}

// Do is the client that Keydesk is given.
func (w *witness) Do(r *http.Request) (*http.Response, error) {
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(sent))
	answer, err := w.inner.Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	if w.forgets.Load() {
		body = withoutUses(body)
		answer.ContentLength = int64(len(body))
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	if form, parseErr := url.ParseQuery(string(sent)); err == nil && parseErr == nil && answer.StatusCode == http.StatusOK {
		w.hear(form, body)
	}
	return answer, err
}

var (
	liveUse   = regexp.MustCompile(`<LastUsedDate>[^<]*</LastUsedDate>`)
	content   = regexp.MustCompile(`<Content>[^<]*</Content>`)
	slotOfUse = regexp.MustCompile(`((?:true|false),[-0-9T:]+Z),[-0-9T:]+Z,`) // active, last rotated, last used
)

func withoutUses(body []byte) []byte {
	body = liveUse.ReplaceAll(body, nil)
	return content.ReplaceAllFunc(body, func(c []byte) []byte {
		encoded := strings.TrimSuffix(strings.TrimPrefix(string(c), "<Content>"), "</Content>")
		report, _ := base64.StdEncoding.DecodeString(encoded)
		report = slotOfUse.ReplaceAll(report, []byte("$1,N/A,"))
		return []byte("<Content>" + base64.StdEncoding.EncodeToString(report) + "</Content>")
	})
}

type answerXML struct {
	LastUsed *struct {
		Date string `xml:"LastUsedDate"`
	} `xml:"GetAccessKeyLastUsedResult>AccessKeyLastUsed"`
	Keys []struct {
		ID      string    `xml:"AccessKeyId"`
		Created time.Time `xml:"CreateDate"`
	} `xml:"ListAccessKeysResult>AccessKeyMetadata>member"`
	Report *struct {
		Content   string
		Generated time.Time `xml:"GeneratedTime"`
	} `xml:"GetCredentialReportResult"`
}

func (w *witness) hear(form url.Values, body []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var a answerXML
	if xml.Unmarshal(body, &a) != nil {
		return
	}
	if a.LastUsed != nil {
		at, _ := time.Parse(time.RFC3339, a.LastUsed.Date)
		evidenceOf(w.live, form.Get("AccessKeyId")).hear(at, time.Now())
	}
	for _, k := range a.Keys {
		place := keyPlace{form.Get("UserName"), k.Created.Unix()}
		if w.twins[place] == nil {
			w.twins[place] = map[string]bool{}
		}
		w.twins[place][k.ID] = true
	}
	if a.Report != nil {
		w.hearReport(a.Report.Content, a.Report.Generated)
	}
}

func (w *witness) hearReport(content string, generated time.Time) {
	raw, _ := base64.StdEncoding.DecodeString(content)
	rows, _ := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	for _, row := range rows[1:] {
		for _, slot := range []string{"access_key_1_", "access_key_2_"} {
			created, err := time.Parse(time.RFC3339, row[column[slot+"last_rotated"]])
			if err != nil {
				continue
			}
			at, _ := time.Parse(time.RFC3339, row[column[slot+"last_used_date"]])
			e := evidenceOf(w.reported, keyPlace{row[column["user"]], created.Unix()})
			e.hear(at, time.Time{})
			if generated.After(created) {
				e.hear(at, generated)
			}
		}
	}
}

func evidenceOf[K comparable](all map[K]*evidence, key K) *evidence {
	if all[key] == nil {
		all[key] = &evidence{}
	}
	return all[key]
}

// about is all that the server has said of a key. What a report says of two
// keys of one second is said of neither.
func (w *witness) about(user string, k iamsvc.AccessKey) evidence {
	w.mu.Lock()
	defer w.mu.Unlock()
	var e evidence
	if l := w.live[k.ID]; l != nil && k.ID != "" {
		e = *l
	}
	place := keyPlace{user, k.Created.Unix()}
	if r := w.reported[place]; r != nil && len(w.twins[place]) < 2 {
		e.uses = slices.Concat(e.uses, r.uses)
		e.hear(time.Time{}, r.asked)
	}
	return e
}
