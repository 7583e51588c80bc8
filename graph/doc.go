// Package graph is the GraphQL face of the city: the schema, thin resolvers, and what stands between them and the network.
//
// It owns the public names and descriptions of everything (schema/*.graphqls), the opaque ids, and the one place where errors become what a client
// sees. It holds no rules: a resolver finds out who asks, calls one function of a service, and shapes the answer. Writes to mini-apps go through
// miniapps.Runner like those of every other face. It knows no store and no network of chats.
//
// Package guard (below) decides which operations may run, package transport carries them.
package graph
