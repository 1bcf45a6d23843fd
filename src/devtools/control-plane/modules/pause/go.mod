module cto-operator/control-plane/pause

go 1.26.0
