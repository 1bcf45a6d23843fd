// Command baseline is the operator that a Go team would write on controller-runtime for the job that cto-operator does:
// it verifies the license, counts the nodes, publishes both in the Entitlement, and holds the agents of a license that
// was revoked. `npm run bench` measures cto-operator against it.
package main

import (
	"errors"
	"flag"
	"net/http"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/selection"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/config"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const (
	product    = "cto"
	namespace  = "cto-system"
	agentLabel = "cto.5dlabs.io/agent"
)

func main() {
	trustedKeys := flag.String("trusted-keys", "", "the vendor's public keys, a JWK Set")
	listen := flag.String("listen", "127.0.0.1:0", "where probes are served")
	leaderElect := flag.Bool("leader-elect", false, "be one of several replicas, of which one writes")
	tuned := flag.Bool("tuned", false, "keep in the caches only what is needed")
	flag.Parse()
	ctrl.SetLogger(zap.New())
	if err := run(*trustedKeys, *listen, *leaderElect, *tuned); err != nil {
		ctrl.Log.Error(err, "cannot run")
		os.Exit(1)
	}
}

func run(trustedKeys, listen string, leaderElect, tuned bool) error {
	keys, err := readKeys(trustedKeys)
	if err != nil {
		return err
	}
	rest, err := config.GetConfig()
	if err != nil {
		return err
	}
	// As cto-operator: no limit of its own, 16 writes at once.
	rest.QPS = -1
	options := ctrl.Options{
		HealthProbeBindAddress:  listen,
		Metrics:                 server.Options{BindAddress: "0"},
		LeaderElection:          leaderElect,
		LeaderElectionID:        "baseline",
		LeaderElectionNamespace: namespace,
	}
	if tuned {
		if options.Cache, err = tunedCache(); err != nil {
			return err
		}
	}
	mgr, err := ctrl.NewManager(rest, options)
	if err != nil {
		return err
	}
	decided := &decisionBox{}
	changed := make(chan event.GenericEvent, 1)
	if err := setUpEntitlement(mgr, keys, decided, changed); err != nil {
		return err
	}
	if err := setUpHold(mgr, decided, changed); err != nil {
		return err
	}
	if err := mgr.AddReadyzCheck("decided", func(*http.Request) error {
		if decided.get() == nil {
			return errors.New("waiting for the first decision")
		}
		return nil
	}); err != nil {
		return err
	}
	return mgr.Start(ctrl.SetupSignalHandler())
}

// tunedCache keeps agents and no other Deployments, the Secrets of one namespace, and of a Node neither its images nor
// its conditions nor who manages which field of it.
func tunedCache() (cache.Options, error) {
	isAgent, err := labels.NewRequirement(agentLabel, selection.Exists, nil)
	if err != nil {
		return cache.Options{}, err
	}
	return cache.Options{
		DefaultTransform: cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Node{}:       {Transform: stripNode},
			&corev1.Secret{}:     {Namespaces: map[string]cache.Config{namespace: {}}},
			&appsv1.Deployment{}: {Label: labels.NewSelector().Add(*isAgent)},
		},
	}, nil
}

func stripNode(object any) (any, error) {
	if node, ok := object.(*corev1.Node); ok {
		node.ManagedFields = nil
		node.Annotations = nil
		node.Status.Images = nil
		node.Status.Conditions = nil
		node.Status.Capacity = nil
		node.Status.Allocatable = nil
		node.Status.Addresses = nil
	}
	return object, nil
}

func kind(name string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(schema.GroupVersionKind{Group: "cto.5dlabs.io", Version: "v1", Kind: name})
	return object
}
