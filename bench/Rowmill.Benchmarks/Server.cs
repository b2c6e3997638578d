namespace Rowmill.Benchmarks;

/// <summary>Small talk with the server of a measurement.</summary>
internal static class Server
{
    public static async Task<int> PrintAsync(Uri url, HttpMethod method)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(method, url);
        try
        {
            using var reply = await http.SendAsync(request);
            Console.WriteLine(await reply.Content.ReadAsStringAsync());
            return reply.IsSuccessStatusCode ? 0 : 1;
        }
        catch (HttpRequestException e)
        {
            Console.Error.WriteLine(e.Message);
            return 1;
        }
    }
}
