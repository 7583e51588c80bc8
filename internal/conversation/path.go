package conversation

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Answers are plain JSON values: map[string]any, []any, string, json.Number, bool. A path names one of them, "a/0/b"; "" is the whole.
// Declared names hold letters, digits and underscores only and begin with a letter, so a step of digits is always a place in a list.

func join(path, step string) string {
	if path == "" {
		return step
	}
	return path + "/" + step
}

func joinIndex(path string, i int) string { return join(path, strconv.Itoa(i)) }

func steps(path string) []string {
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// parent gives the path around path, and its last step.
func parent(path string) (string, string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

// inside tells whether path is outer or lies in it.
func inside(path, outer string) bool {
	return outer == "" || path == outer || strings.HasPrefix(path, outer+"/")
}

// index reads a place in a list; -1 for anything else.
func index(step string) int {
	if step == "" || len(step) > 4 || strings.Trim(step, "0123456789") != "" {
		return -1
	}
	i, _ := strconv.Atoi(step)
	return i
}

// get gives the value at path.
func get(v any, path string) (any, bool) {
	for _, step := range steps(path) {
		switch c := v.(type) {
		case map[string]any:
			child, ok := c[step]
			if !ok {
				return nil, false
			}
			v = child
		case []any:
			i := index(step)
			if i < 0 || i >= len(c) {
				return nil, false
			}
			v = c[i]
		default:
			return nil, false
		}
	}
	return v, v != nil
}

// put sets the value at path and makes the objects and lists around it. A place behind the end of a list is its end.
func put(v any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	if i := index(path[0]); i >= 0 {
		list, _ := v.([]any)
		list = slices.Clone(list)
		if i >= len(list) {
			return append(list, put(nil, path[1:], value))
		}
		list[i] = put(list[i], path[1:], value)
		return list
	}
	object, _ := v.(map[string]any)
	if object == nil {
		object = map[string]any{}
	}
	object[path[0]] = put(object[path[0]], path[1:], value)
	return object
}

// drop takes the value at path away. Those behind it in a list move up.
func drop(v any, path []string) any {
	if len(path) == 0 {
		return nil
	}
	switch c := v.(type) {
	case map[string]any:
		if len(path) == 1 {
			delete(c, path[0])
		} else if child, ok := c[path[0]]; ok {
			c[path[0]] = drop(child, path[1:])
		}
	case []any:
		i := index(path[0])
		if i < 0 || i >= len(c) {
			return c
		}
		if len(path) == 1 {
			return slices.Delete(slices.Clone(c), i, i+1)
		}
		c[i] = drop(c[i], path[1:])
	}
	return v
}

// equal compares two plain values.
func equal(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}
