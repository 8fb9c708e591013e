package iamsvc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// Unfinished is an attempt whose outcome nobody knows: the program ended in
// the middle of it, or IAM's answer was lost.
type Unfinished struct {
	Action      Action
	User        string // as the journal names them
	AccessKeyID string // "" for a creation
	NewState    string // what the attempt wanted
	At          time.Time
	// Explained reports whether another creation is known to have made the key.
	Explained func(keyID string) bool
}

// Verdict is what a list of the user's keys says about an attempt.
type Verdict struct {
	Decided     bool
	AccessKeyID string // the key a creation made; "" when it made none
	Text        string // a sentence for the journal
}

// ReconciledActions are the changes that Reconcile finds out about.
var ReconciledActions = []Action{ActionCreateAccessKey, ActionUpdateAccessKey, ActionDeleteAccessKey, ActionTagUser, ActionCreateUser}

// Reconcile compares an attempt with the user and the keys there are now. It only
// reads, and must be asked long enough after the attempt for IAM to show its effect.
// ErrUnsupported: an attempt of another kind; other errors mean that the user or the
// keys could not be read.
func (a *Account) Reconcile(ctx context.Context, u Unfinished) (Verdict, error) {
	switch u.Action {
	case ActionCreateAccessKey, ActionUpdateAccessKey, ActionDeleteAccessKey:
		return a.reconcileKey(ctx, u)
	case ActionTagUser, ActionCreateUser:
		return a.reconcileUser(ctx, u)
	}
	return Verdict{}, fmt.Errorf("reconciling %s: %w", u.Action, ErrUnsupported)
}

func (a *Account) reconcileKey(ctx context.Context, u Unfinished) (Verdict, error) {
	t := target{user: u.User}
	if u.User == a.ownUserName() {
		t = a.self()
	}
	keys, err := a.listAccessKeys(ctx, a.background, t)
	if errors.Is(err, ErrNoSuchUser) {
		return Verdict{Decided: true, Text: "The user does not exist any more, and so has no access key."}, nil
	}
	if err != nil {
		return Verdict{}, err
	}
	if u.Action == ActionCreateAccessKey {
		return judgeCreation(u, keys), nil
	}
	return judgeChange(u, keys), nil
}

// judgeCreation looks for keys that are as old as the attempt and that no other
// creation accounts for. One made elsewhere in the same minutes cannot be told
// from it; then the verdict names a key too much, never one too few.
func judgeCreation(u Unfinished, keys []AccessKey) Verdict {
	from, to := u.At.Add(-clockSkew), u.At.Add(createTimeout+clockSkew)
	var found []string
	for _, k := range keys {
		if (k.Created.IsZero() || k.Created.After(from) && k.Created.Before(to)) && !u.Explained(k.ID) {
			found = append(found, k.ID)
		}
	}
	switch len(found) {
	case 0:
		return Verdict{Decided: true, Text: "Nothing was created, or it is deleted already: the user has no access key from that time that is not accounted for."}
	case 1:
		return Verdict{Decided: true, AccessKeyID: found[0], Text: "The access key " + found[0] + " was created. Nobody may have its secret."}
	}
	return Verdict{Text: "It cannot be told which access key was created, if any: " + strings.Join(found, ", ") + "."}
}

func judgeChange(u Unfinished, keys []AccessKey) Verdict {
	v := Verdict{Decided: true, AccessKeyID: u.AccessKeyID}
	k, exists := findKey(keys, u.AccessKeyID)
	switch {
	case !exists:
		v.Text = "The access key does not exist any more."
	case u.Action == ActionDeleteAccessKey:
		v.Text = "The access key was not deleted: it still exists and is " + string(k.Status) + "."
	case k.Status.is(KeyStatus(u.NewState)):
		v.Text = "The access key is " + string(k.Status) + ", as was asked for."
	default:
		v.Text = "The access key is " + string(k.Status) + ": the change was not made, or was undone since."
	}
	return v
}

func (a *Account) reconcileUser(ctx context.Context, u Unfinished) (Verdict, error) {
	if err := ValidateExistingUserName(u.User); err != nil {
		return Verdict{}, err
	}
	out, err := call(ctx, a.background, a.background.iam.GetUser, &iam.GetUserInput{UserName: &u.User})
	switch {
	case errors.Is(err, ErrNoSuchUser):
		return Verdict{Decided: true, AccessKeyID: u.AccessKeyID, Text: "There is no such user: it was not created, or it is deleted already."}, nil
	case err != nil:
		return Verdict{}, err
	case out.User == nil:
		return Verdict{}, &CallError{Operation: "GetUser", Kind: ErrUnsupported}
	case u.Action == ActionTagUser:
		return judgeDescription(u, newUser(*out.User)), nil
	}
	return judgeUser(u, newUser(*out.User)), nil
}

// judgeUser goes by the time: IAM does not say who created a user.
func judgeUser(u Unfinished, user User) Verdict {
	v := Verdict{Decided: true}
	from, to := u.At.Add(-clockSkew), u.At.Add(createTimeout+clockSkew)
	switch {
	case user.Created.Before(from), user.Created.After(to):
		v.Text = "The user that exists was created at another time (" + user.Created.UTC().Format(time.RFC3339) + "), not by this."
	case strings.Contains(u.NewState, policyMark):
		v.Text = "The user was created. Its inline policy may be missing: look at its permissions."
	default:
		v.Text = "The user was created."
	}
	return v
}

// judgeDescription cannot compare texts: the journal keeps none.
func judgeDescription(u Unfinished, user User) Verdict {
	key := withDescriptions([]AccessKey{{ID: u.AccessKeyID}}, user.Tags)[0]
	v := Verdict{Decided: true, AccessKeyID: u.AccessKeyID}
	switch {
	case descriptionState(key.Description) != u.NewState:
		v.Text = "The access key is " + descriptionState(key.Description) + ": the change was not made, or was undone since."
	case key.Description == "":
		v.Text = "The access key has no description, as was asked for."
	default:
		v.Text = "The access key has a description. Whether it is the one that was asked for, the audit log does not tell."
	}
	return v
}
