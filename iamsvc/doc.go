// Package iamsvc owns everything Keydesk says to IAM and STS: the domain types
// (Account, User, AccessKey, LastUsed, Secret), each access-key action, the
// look-up by key ID, the credential report and the inventory the list pages
// are drawn from. All of it is keyed by AWS account.
//
// Every change to IAM passes one gate (gate.go): the actor in the context is
// asked for permission, the attempt is journalled, IAM is called, the outcome
// is journalled. Nothing reaches IAM without its attempt row, with an empty
// user name (it would act on the caller's own keys, or the root user's), or
// with a creation the SDK repeats by itself.
//
// The package must not know HTTP pages, sessions, roles or the database. It
// declares the small Journal it needs and is given one. It never logs an
// output or an error of the SDK: either can carry a secret access key.
package iamsvc
