namespace Refinery.Tests.KubernetesRunner;

/// <summary>The published field names of the objects that the runner writes, with the type of each; <c>!</c> marks the required.</summary>
/// <remarks>Source: the OpenAPI description of Kubernetes 1.34. A type of <c>any</c> is one that nothing of ours writes.</remarks>
internal static class PublishedFields
{
    private const string Text =
        """
        Job: apiVersion kind metadata=ObjectMeta spec=JobSpec! status=any
        JobSpec: activeDeadlineSeconds=int backoffLimit=int backoffLimitPerIndex=int completionMode completions=int managedBy manualSelector=bool maxFailedIndexes=int parallelism=int podFailurePolicy=any podReplacementPolicy selector=LabelSelector successPolicy=any suspend=bool template=PodTemplateSpec! ttlSecondsAfterFinished=int
        LabelSelector: matchExpressions=any matchLabels=map
        PodTemplateSpec: metadata=ObjectMeta spec=PodSpec
        PodSpec: activeDeadlineSeconds=int affinity=any automountServiceAccountToken=bool containers=[Container! dnsConfig=any dnsPolicy enableServiceLinks=bool ephemeralContainers=any hostAliases=any hostIPC=bool hostNetwork=bool hostPID=bool hostUsers=bool hostname hostnameOverride imagePullSecrets=any initContainers=[Container nodeName nodeSelector=map os=any overhead=map preemptionPolicy priority=int priorityClassName readinessGates=any resourceClaims=any resources=ResourceRequirements restartPolicy runtimeClassName schedulerName schedulingGates=any securityContext=PodSecurityContext serviceAccount serviceAccountName setHostnameAsFQDN=bool shareProcessNamespace=bool subdomain terminationGracePeriodSeconds=int tolerations=any topologySpreadConstraints=any volumes=[Volume
        Container: args=[string command=[string env=[EnvVar envFrom=any image imagePullPolicy lifecycle=any livenessProbe=any name! ports=any readinessProbe=any resizePolicy=any resources=ResourceRequirements restartPolicy restartPolicyRules=any securityContext=SecurityContext startupProbe=any stdin=bool stdinOnce=bool terminationMessagePath terminationMessagePolicy tty=bool volumeDevices=any volumeMounts=[VolumeMount workingDir
        EnvVar: name! value valueFrom=EnvVarSource
        EnvVarSource: configMapKeyRef=any fieldRef=any fileKeyRef=any resourceFieldRef=any secretKeyRef=SecretKeySelector
        SecretKeySelector: key! name optional=bool
        Volume: awsElasticBlockStore=any azureDisk=any azureFile=any cephfs=any cinder=any configMap=any csi=any downwardAPI=any emptyDir=EmptyDirVolumeSource ephemeral=any fc=any flexVolume=any flocker=any gcePersistentDisk=any gitRepo=any glusterfs=any hostPath=any image=any iscsi=any name! nfs=any persistentVolumeClaim=any photonPersistentDisk=any portworxVolume=any projected=any quobyte=any rbd=any scaleIO=any secret=any storageos=any vsphereVolume=any
        EmptyDirVolumeSource: medium sizeLimit=quantity
        VolumeMount: mountPath! mountPropagation name! readOnly=bool recursiveReadOnly subPath subPathExpr
        ResourceRequirements: claims=any limits=quantities requests=quantities
        SecurityContext: allowPrivilegeEscalation=bool appArmorProfile=any capabilities=Capabilities privileged=bool procMount readOnlyRootFilesystem=bool runAsGroup=int runAsNonRoot=bool runAsUser=int seLinuxOptions=any seccompProfile=SeccompProfile windowsOptions=any
        Capabilities: add=[string drop=[string
        SeccompProfile: localhostProfile type!
        PodSecurityContext: appArmorProfile=any fsGroup=int fsGroupChangePolicy runAsGroup=int runAsNonRoot=bool runAsUser=int seLinuxChangePolicy seLinuxOptions=any seccompProfile=SeccompProfile supplementalGroups=any supplementalGroupsPolicy sysctls=any windowsOptions=any
        ObjectMeta: annotations=map creationTimestamp deletionGracePeriodSeconds=int deletionTimestamp finalizers=[string generateName generation=int labels=map managedFields=any name namespace ownerReferences=[OwnerReference resourceVersion selfLink uid
        OwnerReference: apiVersion! blockOwnerDeletion=bool controller=bool kind! name! uid!
        Secret: apiVersion data=map immutable=bool kind metadata=ObjectMeta stringData=map type
        DeleteOptions: apiVersion dryRun=[string gracePeriodSeconds=int ignoreStoreReadErrorWithClusterBreakingPotential=bool kind orphanDependents=bool preconditions=Preconditions propagationPolicy
        Preconditions: resourceVersion uid
        SelfSubjectAccessReview: apiVersion kind metadata=ObjectMeta spec=SelfSubjectAccessReviewSpec! status=any
        SelfSubjectAccessReviewSpec: nonResourceAttributes=any resourceAttributes=ResourceAttributes
        ResourceAttributes: fieldSelector=any group labelSelector=any name namespace resource subresource verb version
        """;

    /// <summary>Of each kind, its fields by name: their type, and whether they are required.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyDictionary<string, (string Type, bool IsRequired)>> Kinds { get; } = Text.Split('\n')
        .Select(line => line.Split(": "))
        .ToDictionary(
            kind => kind[0],
            IReadOnlyDictionary<string, (string, bool)> (kind) => kind[1].Split(' ').Select(field => field.TrimEnd('!').Split('='))
                .Zip(kind[1].Split(' '), (parts, field) => (Name: parts[0], Type: parts.Length > 1 ? parts[1] : "string", IsRequired: field.EndsWith('!')))
                .ToDictionary(field => field.Name, field => (field.Type, field.IsRequired), StringComparer.Ordinal),
            StringComparer.Ordinal);
}
