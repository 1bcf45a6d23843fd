{{- define "cto.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "cto.fullname" -}}
{{- $name := include "cto.name" . -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}
{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{/* What never changes in the life of a release. */}}
{{- define "cto.selectorLabels" -}}
app.kubernetes.io/name: {{ include "cto.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "cto.commonLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/name: {{ include "cto.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: cto-platform
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The labels of an object that belongs to the operator's pod. */}}
{{- define "cto.labels" -}}
{{ include "cto.commonLabels" . }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "cto.serviceAccountName" -}}
{{ default (include "cto.fullname" .) .Values.serviceAccount.name }}
{{- end }}

{{/* An image's full name. Takes { root, image }. */}}
{{- define "cto.image" -}}
{{- $registry := default .image.registry .root.Values.global.imageRegistry -}}
{{- with $registry }}{{ . }}/{{ end -}}
{{ .image.repository }}
{{- if .image.digest }}@{{ .image.digest }}{{ else }}:{{ default .root.Chart.AppVersion .image.tag }}{{ end -}}
{{- end }}

{{- define "cto.operatorImage" -}}
{{ include "cto.image" (dict "root" . "image" .Values.image) }}
{{- end }}

{{- define "cto.pullSecrets" -}}
{{- with .Values.global.imagePullSecrets -}}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Where every pod of the chart may run. */}}
{{- define "cto.placement" -}}
nodeSelector: {{- toYaml .Values.nodeSelector | nindent 2 }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The container of a Job or a test: one cto command. */}}
{{- define "cto.commandContainer" -}}
image: {{ include "cto.operatorImage" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext: {{- toYaml .Values.securityContext | nindent 2 }}
resources:
  requests: { cpu: 25m, memory: 64Mi }
  limits: { memory: 192Mi }
{{- end }}

{{/* Whether the cluster's Kubernetes has ValidatingAdmissionPolicies. */}}
{{- define "cto.hasPolicies" -}}
{{- if semverCompare ">=1.30.0-0" .Capabilities.KubeVersion.Version }}true{{ end -}}
{{- end }}

{{/* Whether a request is of the operator's own account, as a condition of an admission policy. */}}
{{- define "cto.byTheOperator" -}}
request.userInfo.username == 'system:serviceaccount:{{ .Release.Namespace }}:{{ include "cto.serviceAccountName" . }}'
{{- end }}

{{/* In CEL: whether two maps are the same, apart from some of their fields. Takes the maps, and then the names of those. */}}
{{- define "cto.sameFields" -}}
{{- $left := index . 0 }}
{{- $right := index . 1 }}
{{- $free := printf "['%s']" (slice . 2 | join "', '") -}}
{{ $left }}.all(key, key in {{ $free }} || (key in {{ $right }} && {{ $left }}[key] == {{ $right }}[key])) &&
{{- print " " }}{{ $right }}.all(key, key in {{ $free }} || key in {{ $left }})
{{- end }}

{{/* The names of the policies that the operator keeps. */}}
{{- define "cto.policyNames" -}}
[{{ .Values.catalog }}-agents, {{ .Values.catalog }}-agents-scale, {{ .Values.catalog }}-agents-labels, {{ .Values.catalog }}-config-freeze]
{{- end }}

{{/* What is applied after the installation, because its kinds come with it. */}}
{{- define "cto.resources" -}}
{{- $name := include "cto.fullname" . }}
{{- if and .Values.license.secretName .Values.license.key }}
{{- fail "license.secretName and license.key: give one of them" }}
{{- end }}
{{- /* Not in the schema: it would quote what may be a license. */}}
{{- if not (regexMatch "^(lic_[A-Za-z0-9_.-]{1,252})?$" .Values.license.key) }}
{{- fail "license.key: must be a license key, which begins with lic_; a license file (.lic) belongs in a Secret" }}
{{- end }}
{{- if or .Values.license.secretName .Values.license.key }}
apiVersion: cto.5dlabs.io/v1
kind: License
metadata:
  name: {{ $name }}
  labels: {{- include "cto.commonLabels" . | nindent 4 }}
spec:
  {{- if .Values.license.key }}
  key: {{ .Values.license.key | quote }}
  {{- else }}
  secretRef:
    namespace: {{ .Release.Namespace }}
    name: {{ .Values.license.secretName }}
    key: {{ .Values.license.secretKey }}
  {{- end }}
---
{{- end }}
{{- with .Values.platformConfig.spec }}
apiVersion: cto.5dlabs.io/v1
kind: PlatformConfig
metadata:
  name: {{ default $name $.Values.platformConfig.name }}
  labels: {{- include "cto.commonLabels" $ | nindent 4 }}
spec: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Whether an object of a kind that the cluster may not have is written. Takes { root, kind }. */}}
{{- define "cto.rendersKind" -}}
{{- $has := .root.Capabilities.APIVersions.Has .kind -}}
{{- $mode := .root.Values.metrics.renderMode -}}
{{- if or $has (eq $mode "alwaysRender") }}true
{{- else if eq $mode "failIfMissing" }}
{{- fail (printf "the cluster has no %s: install it, or set metrics.renderMode to skipIfMissing or alwaysRender" .kind) }}
{{- end -}}
{{- end }}

{{/* The annotations of a hook that does something, after the rights for it: both go when it has succeeded. Takes the event. */}}
{{- define "cto.hook" -}}
helm.sh/hook: {{ . }}
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
helm.sh/hook-output-log-policy: hook-succeeded,hook-failed
{{- end }}

{{- define "cto.hookRights" -}}
helm.sh/hook: {{ . }}
helm.sh/hook-weight: '-1'
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
