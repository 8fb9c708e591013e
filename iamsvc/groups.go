package iamsvc

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// Group is a group of users.
type Group struct {
	Name, Path, ID, ARN string
	Created             time.Time
}

// ListGroupsForUser reads every page.
func (a *Account) ListGroupsForUser(ctx context.Context, user string) ([]Group, error) {
	if err := ValidateExistingUserName(user); err != nil {
		return nil, err
	}
	l := a.interactive
	return allPages(ctx, "ListGroupsForUser", boundOfOneUser, func(ctx context.Context, marker *string) (page[Group], error) {
		out, err := call(ctx, l, l.iam.ListGroupsForUser, &iam.ListGroupsForUserInput{UserName: &user, Marker: marker, MaxItems: &a.pageSize})
		if err != nil {
			return page[Group]{}, err
		}
		return page[Group]{convert(out.Groups, newGroup), out.IsTruncated, out.Marker}, nil
	})
}

func newGroup(g types.Group) Group {
	return Group{
		Name: aws.ToString(g.GroupName), Path: aws.ToString(g.Path), ID: aws.ToString(g.GroupId),
		ARN: aws.ToString(g.Arn), Created: utc(g.CreateDate),
	}
}
