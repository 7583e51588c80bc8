package httpapi

// UploadOf is how parts of this package read the body of an upload.
var UploadOf = uploadOf
