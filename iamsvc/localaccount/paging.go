package localaccount

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// paging is the tail of every list reply.
type paging struct {
	IsTruncated bool
	Marker      string `xml:",omitempty"`
}

// pageStart is where a page begins and how long it may be.
type pageStart struct {
	after string // key of the last item of the page before; "" for the first page
	limit int
}

// page reads MaxItems (1 to 1000, default 100) and Marker. A marker carries the last item's key and not a position,
// so it stays good when items come and go between pages, and with another page size.
func (c *call) page() (pageStart, error) {
	start := pageStart{limit: 100}
	if text := c.params.text("MaxItems"); text != "" {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return start, fault(http.StatusBadRequest, "MalformedInput", "")
		}
		if n < 1 {
			return start, constraint("maxItems", "Member must have value greater than or equal to 1")
		}
		if n > 1000 {
			return start, constraint("maxItems", "Member must have value less than or equal to 1000")
		}
		start.limit = int(n)
	}
	marker, present, err := c.params.optional(markerField)
	if err != nil || !present {
		return start, err
	}
	text, err := base64.RawURLEncoding.DecodeString(marker)
	list, after, found := strings.Cut(string(text), ":")
	if err != nil || !found || list != c.action {
		return start, validationError("Invalid Marker.")
	}
	start.after = after
	return start, nil
}

// cut returns the page of items that begins at start. Items are in ascending order of key.
func cut[T any](c *call, start pageStart, items []T, key func(T) string) ([]T, paging) {
	for len(items) > 0 && start.after != "" && key(items[0]) <= start.after {
		items = items[1:]
	}
	if len(items) <= start.limit {
		return items, paging{}
	}
	items = items[:start.limit]
	marker := c.action + ":" + key(items[len(items)-1])
	return items, paging{IsTruncated: true, Marker: base64.RawURLEncoding.EncodeToString([]byte(marker))}
}

// listPage is the usual case: a page of a list, with nothing special about its length.
func listPage[T any](c *call, items []T, key func(T) string) ([]T, paging, error) {
	start, err := c.page()
	if err != nil {
		return nil, paging{}, err
	}
	items, tail := cut(c, start, items, key)
	return items, tail, nil
}

// convert turns stored things into the shape of a reply.
func convert[T, R any](items []T, shape func(T) R) members[R] {
	list := members[R]{}
	for _, item := range items {
		list.Member = append(list.Member, shape(item))
	}
	return list
}

// listOfUser is what most lists are: a page of the things that hang on the user the action is about.
func listOfUser[T, R any](c *call, of func(*user) []T, key func(T) string, shape func(*user, T) R) (members[R], paging, error) {
	u, err := c.user()
	if err != nil {
		return members[R]{}, paging{}, err
	}
	items := slices.SortedFunc(slices.Values(of(u)), func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	items, tail, err := listPage(c, items, key)
	return convert(items, func(item T) R { return shape(u, item) }), tail, err
}
