// Command bench measures how fast and how completely Keydesk reads an account
// that is slow and limits its callers, side by side with a loop over boto3, the
// AWS CLI and straightforward Go, and prints the figures as Markdown.
//
// Every contender gets an endpoint of its own: the embedded account behind a
// socket, with latency, a limit that nobody is told of, and counters. Contenders
// run as processes of their own, so that processor time can be told apart, and
// all at the same time: they wait most of it.
//
// It knows iamsvc by what it exports and the embedded account by its troubles;
// nothing of the program is bent for it.
package main
