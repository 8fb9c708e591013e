package handlers

import (
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"keydesk/iamsvc/paste"
)

// listQuery is what a list page was asked for. All of it is in the URL, so
// that a list can be bookmarked and sent. What is not understood is dropped:
// the selects of the page show what is in force.
type listQuery struct {
	Search  string
	Keys    string // a value of keyStates
	Age     string // days since creation: "91-", "31-60"
	Used    string // a value of usedChoices, or days since the last use
	MFA     string // "yes", "no"
	Console string // "yes", "no"
	Sort    []sortKey
	Page    int // from 1

	// Secret says that a secret access key was searched for. It is dropped here,
	// so that no page, link or log repeats it.
	Secret bool
}

// sortKey is one column to sort by; the first in a query counts most.
type sortKey struct {
	Column string
	Desc   bool
}

// listOrder is the order of both lists when nothing else was asked.
var listOrder = sortKey{Column: "name"}

// maxSortKeys bounds the URL; nobody sees a fourth key's effect.
const maxSortKeys = 3

func parseListQuery(v url.Values, knows paste.Known) listQuery {
	q := listQuery{
		Keys:    known(v.Get("keys"), keyStates),
		Age:     knownDays(v.Get("age")),
		Used:    known(v.Get("used"), usedChoices),
		MFA:     known(v.Get("mfa"), mfaChoices),
		Console: known(v.Get("console"), consoleChoices),
		Sort:    parseSort(v.Get("sort")),
		Page:    1,
	}
	if q.Used == "" {
		q.Used = knownDays(v.Get("used"))
	}
	if n, err := strconv.Atoi(orElse(v.Get("page"), "1")); err == nil && n > 1 {
		q.Page = n
	}
	q.Search, q.Secret = listSearch(v.Get("q"), knows)
	return q
}

// maxSearch is the longest search text in bytes; longer ones find nothing anyway.
const maxSearch = 256

// listSearch is what a list is searched for. An ARN, or a name among signs that
// do not show, is the known user or key that it names. Anything else that could
// hold a secret is dropped, since it would come back in every link of the page.
func listSearch(text string, knows paste.Known) (search string, secret bool) {
	text = strings.Trim(strings.TrimSpace(text), "\"'`") // pasted with its quotes; no name has any
	if len(text) > maxSearch {
		return "", mayHoldSecret(text)
	}
	t := paste.Parse(text, knows)
	if parts := t.Of(paste.KeyID, paste.UserName); len(parts) == 1 && knows != nil && knows(parts[0].Text) != "" && !t.HasSecret() {
		return parts[0].Text, false
	}
	switch {
	case knows != nil && knows(text) != "":
		return text, false
	case knows != nil && t.Word != "" && knows(t.Word) != "":
		return t.Word, false
	case t.HasSecret(), mayHoldSecret(text):
		return "", true
	case !printable(text):
		return "", false
	}
	return text, false
}

// mayHoldSecret is stricter than the reader, whose result shows what was
// recognized alone: a list shows the whole text again.
func mayHoldSecret(text string) bool {
	return paste.HasSecret(text) || asLongAsSecret.MatchString(text)
}

var asLongAsSecret = regexp.MustCompile(`[A-Za-z0-9/+=%\\]{40}`)

func knownDays(value string) string {
	if _, ok := parseDays(value); ok {
		return value
	}
	return ""
}

// parseSort reads "-key-age,name"; each column counts once.
func parseSort(text string) []sortKey {
	var keys []sortKey
	for name := range strings.SplitSeq(text, ",") {
		column, desc := strings.CutPrefix(name, "-")
		seen := slices.ContainsFunc(keys, func(k sortKey) bool { return k.Column == column })
		if column == "" || seen || len(keys) == maxSortKeys || !printable(column) {
			continue
		}
		keys = append(keys, sortKey{column, desc})
	}
	return keys
}

func formatSort(keys []sortKey) string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.Column
		if k.Desc {
			names[i] = "-" + k.Column
		}
	}
	return strings.Join(names, ",")
}

// sortedBy is q with the column first. The former order remains as the second
// key, so that clicking one head after the other sorts by both.
func (q listQuery) sortedBy(column string) listQuery {
	first := sortKey{Column: column}
	if len(q.Sort) > 0 && q.Sort[0].Column == column {
		first.Desc = !q.Sort[0].Desc
	}
	keys := []sortKey{first}
	for _, k := range q.Sort {
		if k.Column != column && len(keys) < maxSortKeys {
			keys = append(keys, k)
		}
	}
	if last := len(keys) - 1; keys[last] == listOrder {
		keys = keys[:last] // rows that are equal otherwise come in this order anyway
	}
	q.Sort, q.Page = keys, 1
	return q
}

func (q listQuery) onPage(n int) listQuery {
	q.Page = n
	return q
}

// unfiltered keeps only the order.
func (q listQuery) unfiltered() listQuery { return listQuery{Sort: q.Sort, Page: 1} }

// filters is all of q but the search that can leave rows out.
func (q listQuery) filters() string {
	return strings.Join([]string{q.Keys, q.Age, q.Used, q.MFA, q.Console}, "&")
}

// filtered reports whether q can leave rows out.
func (q listQuery) filtered() bool {
	return q.Search+q.Keys+q.Age+q.Used+q.MFA+q.Console != ""
}

// encode is the query part of a URL, "" for the plain list. A whole key ID is
// shortened: addresses end up in histories and proxies' logs, and its last
// characters find the key as well.
func (q listQuery) encode() string {
	v := url.Values{}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	set("q", shortenKeyID(q.Search))
	set("keys", q.Keys)
	set("age", q.Age)
	set("used", q.Used)
	set("mfa", q.MFA)
	set("console", q.Console)
	set("sort", formatSort(q.Sort))
	if q.Page > 1 {
		set("page", strconv.Itoa(q.Page))
	}
	return v.Encode()
}

// at is the address of the list at path, asked for q.
func (q listQuery) at(path string) string {
	if e := q.encode(); e != "" {
		return path + "?" + e
	}
	return path
}

func shortenKeyID(text string) string {
	if len(text) <= keySuffixLength {
		return text
	}
	if p := paste.Parse(text, nil); strings.EqualFold(p.First(paste.KeyID).Text, text) {
		return keySuffix(text)
	}
	return text
}

// dayRange is a range of whole days, both ends included.
type dayRange struct{ From, To int }

// parseDays reads "31-60" and, without an upper end, "91-".
func parseDays(text string) (dayRange, bool) {
	from, to, ok := strings.Cut(text, "-")
	r := dayRange{To: math.MaxInt}
	if !ok {
		return dayRange{}, false
	}
	var err error
	if r.From, err = strconv.Atoi(from); err != nil || r.From < 0 {
		return dayRange{}, false
	}
	if to == "" {
		return r, true
	}
	if r.To, err = strconv.Atoi(to); err != nil || r.To < r.From {
		return dayRange{}, false
	}
	return r, true
}

func (r dayRange) contains(n int) bool { return r.From <= n && n <= r.To }

// text is the range as a select shows it: "31 to 60 days", "over 730 days".
func (r dayRange) text() string {
	switch {
	case r.To == math.MaxInt:
		return "over " + count(max(0, r.From-1), "day")
	case r.From == 0:
		return "up to " + count(r.To, "day")
	default:
		return strconv.Itoa(r.From) + " to " + count(r.To, "day")
	}
}
