package main

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// decision says whether agents may run, and why not.
type decision struct {
	admits  bool
	message string
}

type decisionBox struct{ atomic.Pointer[decision] }

func (b *decisionBox) get() *decision { return b.Load() }

type entitlementReconciler struct {
	client.Client
	keys    trustedKeys
	decided *decisionBox
	changed chan<- event.GenericEvent
}

func setUpEntitlement(mgr ctrl.Manager, keys trustedKeys, decided *decisionBox, changed chan<- event.GenericEvent) error {
	r := &entitlementReconciler{mgr.GetClient(), keys, decided, changed}
	one := handler.EnqueueRequestsFromMapFunc(func(context.Context, client.Object) []reconcile.Request {
		return []reconcile.Request{{NamespacedName: types.NamespacedName{Name: product}}}
	})
	return ctrl.NewControllerManagedBy(mgr).
		Named("entitlement").
		For(kind("Entitlement"), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&corev1.Node{}, one, builder.WithPredicates(nodeChanges)).
		Watches(kind("License"), one, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(kind("PlatformConfig"), one, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&corev1.Secret{}, one, builder.WithPredicates(predicate.NewPredicateFuncs(func(o client.Object) bool {
			return o.GetNamespace() == namespace
		}))).
		Watches(&appsv1.Deployment{}, one, builder.WithPredicates(isAgent)).
		Complete(r)
}

// A kubelet reports all the time; it counts when a node comes, goes, or turns out to be another one.
var nodeChanges = predicate.Funcs{
	UpdateFunc: func(e event.UpdateEvent) bool {
		before, after := e.ObjectOld.(*corev1.Node), e.ObjectNew.(*corev1.Node)
		return before.Spec.ProviderID != after.Spec.ProviderID ||
			before.DeletionTimestamp.IsZero() != after.DeletionTimestamp.IsZero()
	},
}

func (r *entitlementReconciler) Reconcile(ctx context.Context, _ ctrl.Request) (ctrl.Result, error) {
	license, message, err := r.license(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	nodes, isKind, err := r.countNodes(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	decided := &decision{admits: message == "", message: message}
	status, err := r.status(ctx, decided, license, nodes, isKind)
	if err != nil {
		return ctrl.Result{}, err
	}
	if err := r.publish(ctx, status); err != nil {
		return ctrl.Result{}, err
	}
	if before := r.decided.Swap(decided); before == nil || *before != *decided {
		r.changed <- event.GenericEvent{Object: kind("Entitlement")}
	}
	if license == nil {
		return ctrl.Result{}, nil
	}
	return ctrl.Result{RequeueAfter: time.Until(time.Unix(license.ExpiresAt, 0))}, nil
}

// license finds the first license that may be used; the message says why there is none.
func (r *entitlementReconciler) license(ctx context.Context) (*claims, string, error) {
	var revoked revocations
	if text, err := r.secret(ctx, namespace, product+"-revocations", "revocations.jws"); err != nil {
		return nil, "", err
	} else if text != nil {
		if err := r.keys.open(text, "revocation", "license-revocations+jwt", &revoked); err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "the revocation list is not used")
		}
	}
	licenses := &unstructured.UnstructuredList{}
	licenses.SetGroupVersionKind(kind("LicenseList").GroupVersionKind())
	if err := r.List(ctx, licenses); err != nil {
		return nil, "", err
	}
	message := "there is no license"
	for _, one := range licenses.Items {
		ref, _, _ := unstructured.NestedStringMap(one.Object, "spec", "secretRef")
		text, err := r.secret(ctx, ref["namespace"], ref["name"], cmp.Or(ref["key"], "license.lic"))
		if err != nil {
			return nil, "", err
		}
		read, err := r.keys.license(text, time.Now())
		switch {
		case err != nil:
			message = err.Error()
		case revoked.has(read.ID):
			message = "license " + read.ID + " is revoked"
		default:
			return read, "", nil
		}
	}
	return nil, message, nil
}

func (r *entitlementReconciler) secret(ctx context.Context, namespace, name, key string) ([]byte, error) {
	secret := &corev1.Secret{}
	err := r.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, secret)
	return secret.Data[key], client.IgnoreNotFound(err)
}

func (r *entitlementReconciler) countNodes(ctx context.Context) (count int, isKind bool, err error) {
	nodes := &corev1.NodeList{}
	// Only read: 15,000 nodes need not be copied for that.
	if err := r.List(ctx, nodes, client.UnsafeDisableDeepCopy); err != nil {
		return 0, false, err
	}
	isKind = len(nodes.Items) > 0
	for i := range nodes.Items {
		node := &nodes.Items[i]
		if node.DeletionTimestamp.IsZero() {
			count++
		}
		isKind = isKind && strings.HasPrefix(node.Spec.ProviderID, "kind://")
	}
	return count, isKind, nil
}

func (r *entitlementReconciler) status(
	ctx context.Context, decided *decision, license *claims, nodes int, isKind bool,
) (map[string]any, error) {
	deployments := &appsv1.DeploymentList{}
	if err := r.List(ctx, deployments, client.HasLabels{agentLabel}, client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	slices.SortFunc(deployments.Items, func(a, b appsv1.Deployment) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	agents := make([]any, 0, len(deployments.Items))
	for i := range deployments.Items {
		one := &deployments.Items[i]
		agents = append(agents, map[string]any{
			"name": one.Labels[agentLabel], "namespace": one.Namespace, "kind": "Deployment", "workload": one.Name,
		})
	}
	status := map[string]any{
		"verdict": "Valid",
		"message": decided.message,
		"cluster": map[string]any{"type": map[bool]string{true: "Kind", false: "Other"}[isKind]},
		"nodes":   map[string]any{"counted": int64(nodes), "total": int64(nodes)},
		"agents":  map[string]any{"admitted": agents, "held": []any{}},
	}
	if license != nil {
		status["licenseId"] = license.ID
		status["plan"] = license.Entitlements.Tier
		status["organization"] = license.Organization
	}
	if !decided.admits {
		status["verdict"] = "Revoked"
		status["agents"] = map[string]any{"admitted": []any{}, "held": agents}
	}
	return status, nil
}

func (r *entitlementReconciler) publish(ctx context.Context, status map[string]any) error {
	live := kind("Entitlement")
	live.SetName(product)
	if err := r.Get(ctx, client.ObjectKeyFromObject(live), live); apierrors.IsNotFound(err) {
		live.Object["spec"] = map[string]any{"product": product}
		if err := r.Create(ctx, live); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	if reflect.DeepEqual(live.Object["status"], any(status)) {
		return nil
	}
	wanted := live.DeepCopy()
	wanted.Object["status"] = status
	return r.Status().Patch(ctx, wanted, client.MergeFrom(live))
}
