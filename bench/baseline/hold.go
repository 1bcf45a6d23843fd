package main

import (
	"context"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

const (
	heldReplicas = "cto.5dlabs.io/held-replicas"
	heldReason   = "cto.5dlabs.io/held-reason"
)

var isAgent = predicate.NewPredicateFuncs(func(o client.Object) bool { return o.GetLabels()[agentLabel] != "" })

type holdReconciler struct {
	client.Client
	decided  *decisionBox
	recorder events.EventRecorder
}

func setUpHold(mgr ctrl.Manager, decided *decisionBox, changed <-chan event.GenericEvent) error {
	r := &holdReconciler{mgr.GetClient(), decided, mgr.GetEventRecorder("baseline")}
	return ctrl.NewControllerManagedBy(mgr).
		Named("hold").
		For(&appsv1.Deployment{}, builder.WithPredicates(isAgent)).
		WatchesRawSource(source.Channel(changed, handler.EnqueueRequestsFromMapFunc(r.allAgents))).
		WithOptions(controller.Options{MaxConcurrentReconciles: 16}).
		Complete(r)
}

func (r *holdReconciler) allAgents(ctx context.Context, _ client.Object) []reconcile.Request {
	deployments := &appsv1.DeploymentList{}
	if err := r.List(ctx, deployments, client.HasLabels{agentLabel}, client.UnsafeDisableDeepCopy); err != nil {
		ctrl.Log.Error(err, "agents cannot be listed")
		return nil
	}
	requests := make([]reconcile.Request, 0, len(deployments.Items))
	for i := range deployments.Items {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&deployments.Items[i])})
	}
	return requests
}

func (r *holdReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	decided := r.decided.get()
	deployment := &appsv1.Deployment{}
	if err := r.Get(ctx, request.NamespacedName, deployment); err != nil || decided == nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	held, isHeld := deployment.Annotations[heldReplicas]
	before := client.MergeFromWithOptions(deployment.DeepCopy(), client.MergeFromWithOptimisticLock{})
	var event, reason string
	switch {
	case !decided.admits && *deployment.Spec.Replicas > 0:
		if deployment.Annotations == nil {
			deployment.Annotations = map[string]string{}
		}
		deployment.Annotations[heldReplicas] = strconv.Itoa(int(*deployment.Spec.Replicas))
		deployment.Annotations[heldReason] = decided.message
		*deployment.Spec.Replicas = 0
		event, reason = corev1.EventTypeWarning, "Held"
	case decided.admits && isHeld:
		replicas, err := strconv.ParseInt(held, 10, 32)
		if err != nil {
			return ctrl.Result{}, reconcile.TerminalError(err)
		}
		delete(deployment.Annotations, heldReplicas)
		delete(deployment.Annotations, heldReason)
		if *deployment.Spec.Replicas == 0 {
			*deployment.Spec.Replicas = int32(replicas)
		}
		event, reason = corev1.EventTypeNormal, "Resumed"
	default:
		return ctrl.Result{}, nil
	}
	if err := r.Patch(ctx, deployment, before); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	r.recorder.Eventf(deployment, nil, event, reason, reason, "%s Deployment %s: %s", reason, deployment.Name, decided.message)
	return ctrl.Result{}, nil
}
