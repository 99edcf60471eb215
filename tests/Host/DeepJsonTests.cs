using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Refinery.Tests.Host;

/// <summary>What is nested as deep as a body may be stays readable wherever it comes to stand.</summary>
public sealed class DeepJsonTests
{
    /// <summary>Levels a body may have.</summary>
    private const int Most = 48;

    [Fact]
    public async Task Arguments_of_the_deepest_kind_are_kept_answered_and_read_again_at_the_next_start()
    {
        using var folder = new TemporaryFolder();
        (string, string)[] settings = [("LEVIATHAN_CONTROL_PLANE_TOKEN", "graph-token"), ("LOCAL_WORKER", "0")];
        var first = await RefineryHost.StartAsync(folder, settings);
        var stepId = (await ReadAsync(await SubmitAsync(first, Most))).GetProperty("step_id").GetString();
        await first.GetAsync($"/status/{stepId}");
        await first.GetAsync($"/api/steps/{stepId}");
        var claimed = await first.PostAsync("/api/steps/claim", new { pod_id = "pod-a", kinds = new[] { "deep" }, max = 1 });
        Assert.Equal(stepId, claimed[0].GetProperty("step_id").GetString());
        await first.StopAsync();

        await using var second = await RefineryHost.StartAsync(folder, settings);
        second.Http.DefaultRequestHeaders.Authorization = new("Bearer", "graph-token");

        Assert.True((await second.GetAsync("/v1/graph/verify")).GetProperty("valid").GetBoolean());
        await second.GetAsync($"/api/graph/nodes/{stepId}");
        await second.GetAsync("/api/journal/checkpoint");
    }

    [Fact]
    public async Task One_level_more_is_refused_by_a_sentence()
    {
        await using var host = await RefineryHost.StartAsync();

        using var response = await SubmitAsync(host, Most + 1);
        var detail = JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("detail").GetString();

        Assert.Equal((HttpStatusCode.BadRequest, "The body is nested too deep; at most 48 levels are expected."), (response.StatusCode, detail));
    }

    private static Task<HttpResponseMessage> SubmitAsync(RefineryHost host, int levels)
    {
        var args = string.Concat(Enumerable.Repeat("{\"a\":", levels - 2));
        return host.Http.PostAsync("/submit", new StringContent($$"""{"type":"deep","args":{{args}}{}{{new string('}', levels - 2)}} }""", Encoding.UTF8, "application/json"));
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response)
    {
        using (response)
        {
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
            return await response.Content.ReadFromJsonAsync<JsonElement>();
        }
    }
}
