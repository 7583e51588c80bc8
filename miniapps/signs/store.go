package signs

import "github.com/motcua/motcua/internal/store"

// The words of the store that the app's signatures use.
type (
	// Engine keeps the documents.
	Engine = store.Engine
	// Cursor is a place in a list.
	Cursor = store.Cursor
	// Page is one screenful of a list.
	Page[T any] = store.Page[T]
)
