package iamsvc

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
)

// call makes one SDK call within the lane's deadline and classifies its error.
// The three type parameters are inferred from the client's method.
func call[I, O, Opt any](ctx context.Context, l *lane, send func(context.Context, *I, ...func(*Opt)) (*O, error), in *I, opts ...func(*Opt)) (*O, error) {
	out, _, err := tracedCall(ctx, l, send, in, opts...)
	return out, err
}

// tracedCall also returns what the transport saw of the call.
func tracedCall[I, O, Opt any](ctx context.Context, l *lane, send func(context.Context, *I, ...func(*Opt)) (*O, error), in *I, opts ...func(*Opt)) (*O, *trace, error) {
	t := &trace{}
	if l.patient {
		t.limit = l.deadline
	} else {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.deadline)
		defer cancel()
	}
	operation := operationOf[I]()
	ended, err := l.breaker.begin(ctx, operation, t)
	if err != nil {
		return nil, t, err
	}
	out, err := send(context.WithValue(ctx, traceKey{}, t), in, opts...)
	t.endTurn(err)
	if t.throttled != nil && errors.Is(err, context.DeadlineExceeded) {
		err = t.throttled // what it waited for
	}
	if err == nil && t.empty && hasResult(operation) {
		// The SDK reads an empty 200 as a list without members.
		err = errEmptyReply
	}
	err = t.classify(operation, err)
	ended(err)
	if err != nil {
		return nil, t, err
	}
	return out, t, nil
}

// operationOf names the operation an SDK input type belongs to.
func operationOf[I any]() string {
	return strings.TrimSuffix(reflect.TypeFor[I]().Name(), "Input")
}

// hasResult reports whether IAM answers the operation with more than an
// acknowledgement.
func hasResult(operation string) bool {
	for _, verb := range []string{"Update", "Delete", "Tag", "Untag", "Put"} {
		if strings.HasPrefix(operation, verb) {
			return false
		}
	}
	return true
}

// page is one answer of a list call.
type page[T any] struct {
	items     []T
	truncated bool
	marker    *string
}

// allPages follows a list to its end. On an error it returns what it has read
// so far with it: the caller decides whether a part is worth showing, marked.
//
// The SDK's paginators take a missing IsTruncated for the end. Some servers
// leave it out, so here a Marker that is new is followed too. A list that says
// it goes on but gives no new marker is an error, not an end. So is one that is longer
// than b.
func allPages[T any](ctx context.Context, operation string, b bound, read func(ctx context.Context, marker *string) (page[T], error)) ([]T, error) {
	ctx, cancel := b.within(ctx)
	defer cancel()
	all := []T{}
	seen := map[string]bool{}
	var marker *string
	for {
		p, err := read(ctx, marker)
		if err != nil {
			return all, outOfTime(ctx, err)
		}
		all = append(all, p.items...)
		if err := b.reached(len(all), len(seen)); err != nil {
			return slices.Clone(all[:min(len(all), b.entries)]), &CallError{Operation: operation, Kind: err}
		}
		fresh := p.marker != nil && *p.marker != "" && !seen[*p.marker]
		if !p.truncated && (!fresh || len(p.items) == 0) {
			return all, nil
		}
		if !fresh {
			return all, &CallError{Operation: operation, Message: "the list is truncated but has no new marker", Kind: ErrUnsupported}
		}
		seen[*p.marker] = true
		marker = p.marker
	}
}
