using System.Text.Json.Nodes;

namespace Refinery.Tests.KubernetesRunner;

/// <summary>The cluster of the tests is as strict as it claims.</summary>
public sealed class ObjectCheckTests
{
    private const string Good = """
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a", "labels": {"x/y": "z"}}, "spec": {"backoffLimit": 0, "template": {"spec": {
          "restartPolicy": "Never", "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}}, "volumes": [{"name": "v", "emptyDir": {}}],
          "containers": [{"name": "c", "image": "i", "volumeMounts": [{"name": "v", "mountPath": "/v"}], "resources": {"limits": {"memory": "5Mi"}},
            "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}}]}}}}
        """;

    [Theory]
    [InlineData("?", "?", null)]
    [InlineData("\"backoffLimit\"", "\"backOffLimit\"", "unknown field \"spec.backOffLimit\"")]
    [InlineData("\"backoffLimit\": 0", "\"backoffLimit\": \"0\"", "spec.backoffLimit is no int")]
    [InlineData("\"Never\"", "\"Always\"", "spec.template.spec.restartPolicy: Required value: valid values: OnFailure, Never")]
    [InlineData("\"mountPath\": \"/v\"", "\"path\": \"/v\"", "unknown field \"spec.template.spec.containers[0].volumeMounts[0].path\"")]
    [InlineData("{\"name\": \"v\", \"mountPath\"", "{\"name\": \"w\", \"mountPath\"", "volumeMounts.name: Not found")]
    [InlineData("5Mi", "5 MB", "spec.template.spec.containers[0].resources.limits.memory is no quantity")]
    [InlineData("\"x/y\": \"z\"", "\"x/y\": \"z z\"", "metadata.labels: Invalid value: x/y=z z")]
    [InlineData("\"name\": \"a\"", "\"name\": \"A_b\"", "metadata.name: Invalid value: A_b")]
    [InlineData("\"ALL\"", "\"NET_RAW\"", "violates PodSecurity restricted: unrestricted capabilities")]
    [InlineData("\"name\": \"c\", ", "", "spec.template.spec.containers[0].name: Required value")]
    public void What_is_wrong_is_refused(string part, string by, string? fault)
    {
        var faults = ObjectCheck.Faults("Job", JsonNode.Parse(Good.Replace(part, by, StringComparison.Ordinal)));

        Assert.Equal(fault is null ? [] : [fault], faults.Take(1));
    }
}
